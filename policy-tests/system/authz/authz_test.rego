package system.authz_test

import future.keywords.not

import data.system.authz

_question := {"method": "POST", "path": ["v1", "data", "gate", "decision"], "params": {}}

_asked(changes) := object.union(_question, changes)

_allowed := {
	"the question": _question,
	"with provenance": _asked({"params": {"provenance": ["true"], "strict-builtin-errors": ["true"]}}),
	"health": {"method": "GET", "path": ["health"], "params": {}},
	"health of bundles": {"method": "GET", "path": ["health"], "params": {"bundles": [""]}},
	"no parameters at all": {"method": "GET", "path": ["health"]},
}

_refused := {
	"nothing": {},
	"no object": "text",
	"reading the document": _asked({"method": "GET"}),
	"writing the document": _asked({"method": "PUT"}),
	"deleting the document": _asked({"method": "DELETE"}),
	"a method in lower case": _asked({"method": "post"}),
	"the package": _asked({"path": ["v1", "data", "gate"]}),
	"below the document": _asked({"path": ["v1", "data", "gate", "decision", "verdict"]}),
	"a trailing slash": _asked({"path": ["v1", "data", "gate", "decision", ""]}),
	"another document": _asked({"path": ["v1", "data", "parties"]}),
	"the old API": _asked({"path": ["v0", "data", "gate", "decision"]}),
	"compiling": _asked({"path": ["v1", "compile"]}),
	"a query": _asked({"path": ["v1", "query"]}),
	"policies": {"method": "GET", "path": ["v1", "policies"]},
	"configuration": {"method": "GET", "path": ["v1", "config"]},
	"metrics": {"method": "GET", "path": ["metrics"]},
	"the root": {"method": "GET", "path": [""]},
	"the root as a question": {"method": "POST", "path": [""]},
	"an explanation": _asked({"params": {"explain": ["full"]}}),
	"instruments": _asked({"params": {"provenance": ["true"], "instrument": ["true"]}}),
	"health as a question": {"method": "POST", "path": ["health"], "params": {}},
	"health of plugins": {"method": "GET", "path": ["health"], "params": {"plugins": [""]}},
	"below health": {"method": "GET", "path": ["health", "live"], "params": {}},
}

test_lets_through if {
	wrong := {name |
		some name, asked in _allowed
		not authz.allow with input as asked
	}
	wrong == set()
}

test_refuses if {
	wrong := {name |
		some name, asked in _refused
		not authz.allow == false with input as asked
	}
	wrong == set()
}
