"""What each value of runbook and parties data is called, in words."""

from __future__ import annotations

from typing import Final

LIMITS: Final = {
    "skew": "skew: largest difference of clocks",
    "go": "a go to write is good for",
    "settle": "settling of a write without an answer",
    "window": "verification window",
    "audit": "audit evidence, at most",
    "between_rounds": "between two rounds, at least",
}

# By path, its parts separated by spaces. `*` is any part and fills a place of the words, `**` is all that follow.
_SUBJECTS: Final = {
    "title": "title",
    "status": "status",
    "successor": "revision to use instead",
    "steps": "steps",
    "target_key": "task fields that are the target",
    "sources": "registers that are read",
    "effects *": "kind of the effect {}",
    "actions *": "actions allowed after {}",
    "retry_budget": "write attempts of each step, in all",
    "duration_ms": "deadline of a run",
    "label_keys": "labels",
    "checkpoints * * pass": "verdict of {1} when every check passes",
    "checkpoints * * judges": "{1} is asked after",
    "checkpoints * * stops_at_deadline": "{1} lets nothing pass past the deadline",
    "checkpoints * * next * * *": "at {1} {2} by {3}, {4}",
    "checkpoints * * **": "{1}, {2}",
    "lineages *": "way to completion {}",
    "lineages": "ways to completion",
    "assurance": "assurance of a prequalification that suffices",
    "registers * source_id": "source of register {}",
    "registers * schema_id": "schema of register {}",
    "registers * max_age_ms": "register {} is at most old",
    "agreement *": "fields that {} states and that agree with the task",
    "inventory": "register that states the cluster's uid",
    "waivers register": "register of waivers",
    "waivers closed": "closed waiver states",
    "drift **": "admitted drift, {}",
    "reconcilers": "managers that are not overruled",
    "outcomes *": "raw signals: {}",
    "never_sent": "signals of what was certainly never applied",
    "conflicts": "conflicts that are tried again, at most",
    "retries": "decisions to retry, at most",
    "rounds": "good rounds in a row",
    "audit": "audit evidence of the probes",
    "absent *": "{} where a label is left out",
    "modes * *": "label of mode {0} for its {1}",
    "verification_limits": "what a completion does not show",
    **{f"limits_ms {name}": words for name, words in LIMITS.items()},
    "limits_ms pause *": "pause of a wait at {}",
    "probes": "probe set",
    "probes *": "probe {}",
    "probes * *": "probe {0}, {1}",
    "pod_labels *": "label {} of every probe",
    "image": "image of the probes",
    "violations": "what makes a pod a violating one",
    "pods * **": "pod {0}, {1}",
    "own **": "the runbook's own {}",
    "submitters": "who may submit",
    "prequalifiers": "who may approve",
    "keys *": "keys of {}",
    "default_owner *": "default owner, {}",
    "runbooks * owner *": "owner of {0}, {1}",
    "overlays default **": "overlay of every probe, {}",
    "overlays clusters * default **": "overlay of {0}, {1}",
    "overlays clusters * namespaces * **": "overlay of {0}, {1}: {2}",
}


def subject(path: tuple[str, ...]) -> str | None:
    """What the value at a path is called; None if it has no name in words.

    Args:
        path: of a value in a runbook revision's data, or in parties data.
    """
    for pattern, words in _SUBJECTS.items():
        parts = _matched(tuple(pattern.split()), path)
        if parts is not None:
            return words.format(*parts)
    return None


def _matched(pattern: tuple[str, ...], path: tuple[str, ...]) -> list[str] | None:
    """What stands for the stars; None if the path is another."""
    if pattern[-1] == "**" and len(path) >= len(pattern):
        path = (*path[: len(pattern) - 1], ".".join(path[len(pattern) - 1 :]))
    elif pattern[-1] == "**" or len(path) != len(pattern):
        return None
    if any(wanted not in ("*", "**", part) for wanted, part in zip(pattern, path, strict=True)):
        return None
    return [part for wanted, part in zip(pattern, path, strict=True) if wanted in ("*", "**")]
