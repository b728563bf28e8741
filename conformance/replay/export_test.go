package replay

// What the tests see on top.
var (
	Encode     = encode
	Decode     = decode
	RawBytes   = rawBytes
	WireBytes  = wireBytes
	MediaType  = mediaType
	FormOf     = formOf
	ExactValue = exactValue
)

func (s *Sent) BodyValue() any { return s.Body.value }

// Blank is a text with its volatile parts replaced by their kinds, and by their forms.
func Blank(text string) (frame, shown string) {
	b := blank(text, nil)
	return b.frame, b.shown
}

// Fill fills a text's templates.
func Fill(text string, captured map[string]any) (string, error) { return values(captured).fill(text) }

// FillJSON fills a JSON value's templates.
func FillJSON(text string, captured map[string]any) (string, error) {
	node, err := decode([]byte(text))
	if err != nil {
		return "", err
	}
	filled, err := values(captured).fillJSON(node)
	if err != nil {
		return "", err
	}
	return encode(filled), nil
}

// Dig finds what a path names in a JSON text.
func Dig(text, path string) (string, error) {
	node, err := decode([]byte(text))
	if err != nil {
		return "", err
	}
	found, err := dig(node, path)
	return encode(found), err
}

// Disguised is a step's request under a disguise.
func Disguised(d *Disguise, spec Spec) (Spec, error) { return d.spec(spec) }

// DisguisedAnswer is a recorded answer under a disguise.
func DisguisedAnswer(d *Disguise, answer *Answer) *Answer { return d.answer(answer) }
