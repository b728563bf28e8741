package replay

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// shortestWord is the length from which a name is recognised inside a longer text.
const shortestWord = 3

// replaceWords replaces whole words of a text, longer ones first, as they are and with the escapes of JSON.
func replaceWords(text string, words map[string]bool, change func(string) string) string {
	ordered := slices.SortedFunc(maps.Keys(words), func(x, y string) int {
		if len(x) != len(y) {
			return len(y) - len(x)
		}
		return strings.Compare(x, y)
	})
	var forms []string
	for _, word := range ordered {
		if len(word) >= shortestWord && strings.Trim(word, " ") == word {
			forms = append(forms, word)
			if escaped := asciiOnly(word); escaped != word {
				forms = append(forms, escaped)
			}
		}
	}
	var b strings.Builder
	for i := 0; i < len(text); {
		form := wordAt(text, i, forms)
		if form == "" {
			b.WriteByte(text[i])
			i++
			continue
		}
		b.WriteString(change(form))
		i += len(form)
	}
	return b.String()
}

func wordAt(text string, i int, forms []string) string {
	if i > 0 && alphanumeric(text[i-1]) {
		return ""
	}
	for _, form := range forms {
		end := i + len(form)
		if strings.HasPrefix(text[i:], form) && (end == len(text) || !alphanumeric(text[end])) {
			return form
		}
	}
	return ""
}

// asciiOnly writes a text as JSON does that escapes all beyond ASCII.
func asciiOnly(text string) string {
	var b strings.Builder
	for _, r := range text {
		if r < 0x80 || r > 0xffff {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}
