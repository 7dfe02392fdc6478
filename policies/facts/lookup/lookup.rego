# METADATA
# title: Lookup
# description: |
#   Facts by their path in the input. Defined for every path and every input, so that a missing fact can never
#   take a denial with it.
package facts.lookup

# METADATA
# title: The value at a path, null where there is none
value(path) := object.get({"input": input}, array.concat(["input"], path), null)

# METADATA
# title: The values at these paths, each under its path as Rego writes it
at(paths) := {_written(path): value(path) | some path in paths}

# METADATA
# title: A field of something that may be no object, null where there is none
field(value_of, name) := object.get({"of": value_of}, ["of", name], null)

# METADATA
# title: Several fields of the object at a path
fields(path, names) := at([array.concat(path, [name]) | some name in names])

# METADATA
# title: A value of the task's runbook, under its path as Rego writes it
of_runbook(path) := {$"data.runbooks{_part(name)}{_parts(path)}": found} if {
	name := value(["opened", "body", "task", "runbook"])
	found := object.get(data.runbooks, array.concat([name], path), null)
}

# METADATA
# title: What was derived from facts that are too many to tell, under a name that is no path
derived(name, found) := {$"derived.{name}": found}

_written(path) := concat("", ["input", _parts(path)])

_parts(path) := concat("", [_part(part) | some part in path])

_part(part) := $".{part}" if {
	is_string(part)
	regex.match(`^[a-z_][a-z0-9_]*$`, part)
} else := $"[{json.marshal(part)}]"
