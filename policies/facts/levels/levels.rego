# METADATA
# title: Pod Security levels
# description: What the approved tuple makes of each mode, as Pod Security Admission prints it.
package facts.levels

import data.facts.given

# METADATA
# title: The expected `level:version` of each mode
expected := {
	"enforce": $"{_level("enforce")}:{_version("enforce")}",
	"audit": $"{_level("audit")}:{_version("audit")}",
	"warn": $"{_warn_level}:{_warn_version}",
}

# METADATA
# title: The mode restricts nothing
privileged(mode) if _is_privileged(expected[mode])

# METADATA
# title: What was printed is what is expected
# description: Privileged has no version.
# scope: document
printed(mode, text) if {
	is_string(text)
	text == expected[mode]
}

printed(mode, text) if {
	privileged(mode)
	_is_privileged(text)
}

_is_privileged(text) if {
	is_string(text)
	startswith(text, "privileged:")
}

_label(mode, part) := given.task.labels[given.runbook.modes[mode][part]]

_level(mode) := _label(mode, "level") if {
	is_string(_label(mode, "level"))
} else := given.runbook.absent.level

_version(mode) := _label(mode, "version") if {
	is_string(_label(mode, "version"))
} else := given.runbook.absent.version

# Without a warn label, an enforce label that is stricter than the default warns too.
_warn_inherited if {
	_label("warn", "level") == null
	is_string(_label("enforce", "level"))
	_label("enforce", "level") != given.runbook.absent.level
}

_warn_level := _level("enforce") if {
	_warn_inherited
} else := _level("warn")

_warn_version := _version("enforce") if {
	_warn_inherited
	_label("warn", "version") == null
} else := _version("warn")
