package replay

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

var pathPart = regexp.MustCompile(`^(?:\.([A-Za-z0-9_]+)|\[(-?\d+)\]|\[\?([A-Za-z0-9_]+)=([^\]]*)\])`)

// dig finds $.A.B[0][?Name=x] in a JSON value; nil if there is no such thing.
func dig(node any, path string) (any, error) {
	rest, isPath := strings.CutPrefix(path, "$")
	if !isPath {
		return nil, fmt.Errorf("bad path %s", path)
	}
	for rest != "" {
		part := pathPart.FindStringSubmatch(rest)
		if part == nil {
			return nil, fmt.Errorf("bad path %s", path)
		}
		rest = rest[len(part[0]):]
		o, _ := node.(*object)
		list, _ := node.([]any)
		node = nil
		switch {
		case part[1] != "" && o != nil:
			node, _ = o.get(part[1])
		case part[2] != "":
			node = at(list, part[2])
		case part[3] != "":
			node = with(list, part[3], part[4])
		}
	}
	return node, nil
}

func at(list []any, index string) any {
	i, err := strconv.Atoi(index)
	if err == nil && i < 0 {
		i += len(list)
	}
	if err != nil || i < 0 || i >= len(list) {
		return nil
	}
	return list[i]
}

func with(list []any, key, text string) any {
	for _, item := range list {
		if o, isObject := item.(*object); isObject {
			if value, _ := o.get(key); value == text {
				return item
			}
		}
	}
	return nil
}

// capture takes from an answer what a step saves. A value that is not there is nil.
func capture(save map[string]string, answer *Answer) (map[string]any, error) {
	saved := map[string]any{}
	for name, path := range save {
		if answer == nil {
			saved[name] = nil
			continue
		}
		if header, isHeader := strings.CutPrefix(path, "header:"); isHeader {
			saved[name] = nil
			if value, ok := answer.Headers[strings.ToLower(header)]; ok {
				saved[name] = value
			}
			continue
		}
		body := answer.Body
		if answer.BodyKind != "json" {
			body = nil
		}
		value, err := dig(body, path)
		if err != nil {
			return nil, err
		}
		saved[name] = value
	}
	return saved, nil
}
