"use strict";
const form = document.querySelector(".filters");
const rows = [...document.querySelectorAll("details[data-run]")];
function shown(row, wanted) {
  for (const [name, value] of wanted) {
    if (!value) continue;
    if (name === "code" && !row.dataset.codes.split(" ").includes(value)) return false;
    if (name === "words" && !row.textContent.toLowerCase().includes(value.toLowerCase())) return false;
    if (name !== "code" && name !== "words" && row.dataset[name] !== value) return false;
  }
  return true;
}
function apply() {
  const wanted = [...new FormData(form)];
  let count = 0;
  for (const row of rows) {
    row.hidden = !shown(row, wanted);
    count += row.hidden ? 0 : 1;
  }
  document.querySelector("#shown").textContent = `${count} of ${rows.length} shown`;
}
if (form) {
  form.addEventListener("input", apply);
  form.addEventListener("reset", () => setTimeout(apply));
  for (const link of document.querySelectorAll("a[data-code]")) {
    link.addEventListener("click", () => {
      form.reset();
      form.elements.code.value = link.dataset.code;
      form.elements.words.value = link.dataset.run || "";
      apply();
    });
  }
  apply();
}
