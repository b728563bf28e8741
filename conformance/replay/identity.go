package replay

import (
	"encoding/json"
	"maps"
	"strings"
)

// identity knows which new value stands for which recorded one, over a whole scenario.
type identity struct {
	constants map[string]bool
	forward   map[string]binding // recorded → new
	backward  map[string]binding // new → recorded
}

type binding struct{ value, place string }

// newIdentity knows the ids that the scenario's own requests spell out: those must come back literally.
func newIdentity(steps []Step) *identity {
	i := &identity{constants: map[string]bool{strings.Repeat("0", 32): true}, forward: map[string]binding{}, backward: map[string]binding{}}
	for _, step := range steps {
		spelt, _ := json.Marshal(step.Spec.Request)
		for _, v := range volatiles(string(spelt)) {
			if v.kind == "id" || v.kind == "secret" {
				i.constants[plain(string(spelt[v.start:v.end]))] = true
			}
		}
	}
	return i
}

// bind notes that a new value stands where a recorded one stood. It returns what is wrong with that, or nothing:
// "!= PLACE" if the recording has the value that it has at PLACE and the new one is another than there, "= PLACE" if
// the new one is that of PLACE and the recording has another.
func (i *identity) bind(recorded, got, place string) string {
	recorded, got = plain(recorded), plain(got)
	if first, known := i.forward[recorded]; !known {
		i.forward[recorded] = binding{got, place}
	} else if first.value != got {
		return "!= " + first.place
	}
	if first, known := i.backward[got]; !known {
		i.backward[got] = binding{recorded, place}
	} else if first.value != recorded {
		return "= " + first.place
	}
	return ""
}

// bindDate is bind for dates, one way only: two dates of the recording may well be one in a faster run.
func (i *identity) bindDate(recorded, got, place string) string {
	key := "date " + recorded
	if first, known := i.forward[key]; !known {
		i.forward[key] = binding{got, place}
	} else if first.value != got {
		return "!= " + first.place
	}
	return ""
}

// clone is for a step that must not teach anything.
func (i *identity) clone() *identity {
	return &identity{constants: i.constants, forward: maps.Clone(i.forward), backward: maps.Clone(i.backward)}
}
