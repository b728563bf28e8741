package replay

import "fmt"

// Difference is one place where the answer is not the recorded one.
type Difference struct {
	Scenario, Step string
	// Path is a JSON path into the body ($ is all of it), or status, content-type, header:Allow, raw (how the strings of
	// the body are escaped), error (no usable answer came), saved:NAME (a step that is not compared lacks what it should
	// capture), skipped (the step needs what no step captured) or kind (this replayer cannot do such steps).
	Path     string
	Recorded string // for the reader
	// Ours is the exact value that came, with volatile parts replaced by their forms, as a line of divergences has it.
	Ours string
	Why  string // what is wrong, where the two values do not say it
}

// String is the difference for a reader.
func (d Difference) String() string {
	text := fmt.Sprintf("%s/%s %s: recorded %s, got %s", d.Scenario, d.Step, d.Path, brief(d.Recorded), brief(d.Ours))
	if d.Why != "" {
		text += " (" + d.Why + ")"
	}
	return text
}

const longestShown = 200

func brief(text string) string {
	runes := []rune(text)
	if len(runes) <= longestShown {
		return text
	}
	return string(runes[:longestShown]) + "…"
}

// absent is what Ours says where nothing stands.
const absent = "absent"
