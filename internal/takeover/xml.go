package takeover

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"

	"github.com/finlatch/finlatch/jellyfin"
)

// decodeXML reads a configuration file into a struct of the JSON that Jellyfin makes of the same object: the names are the same,
// and a list has an element for each item, whatever that is called. What the file leaves out stays as it is; what the struct does
// not know, and names that an enum does not have, are passed over.
func decodeXML(file []byte, into any) error {
	d := xml.NewDecoder(bytes.NewReader(bytes.TrimPrefix(file, []byte("\ufeff"))))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return errors.New("it is no XML")
		}
		if err != nil {
			return err
		}
		if start, ok := token.(xml.StartElement); ok {
			return decodeElement(d, start, reflect.ValueOf(into).Elem())
		}
	}
}

func decodeElement(d *xml.Decoder, start xml.StartElement, into reflect.Value) error {
	for _, attribute := range start.Attr {
		if attribute.Name.Local == "nil" && attribute.Value == "true" {
			into.SetZero()
			return d.Skip()
		}
	}
	switch into.Kind() {
	case reflect.Pointer:
		into.Set(reflect.New(into.Type().Elem()))
		return decodeElement(d, start, into.Elem())
	case reflect.Struct:
		return eachChild(d, func(child xml.StartElement) error {
			for i := range into.NumField() {
				if name, _, _ := strings.Cut(into.Type().Field(i).Tag.Get("json"), ","); name == child.Name.Local {
					return decodeElement(d, child, into.Field(i))
				}
			}
			return d.Skip()
		})
	case reflect.Slice:
		into.SetZero()
		return eachChild(d, func(child xml.StartElement) error {
			item := reflect.New(into.Type().Elem())
			if with, ok := item.Interface().(jellyfin.Defaulter); ok {
				with.SetDefaults()
			}
			if err := decodeElement(d, child, item.Elem()); err != nil {
				return err
			}
			into.Set(reflect.Append(into, item.Elem()))
			return nil
		})
	}
	var text string
	if err := d.DecodeElement(&text, &start); err != nil {
		return err
	}
	if err := setScalar(into, text); err != nil {
		return fmt.Errorf("%s: %w", start.Name.Local, err)
	}
	return nil
}

// eachChild calls f, which reads to the end of the element, for every element in the one that was begun.
func eachChild(d *xml.Decoder, f func(xml.StartElement) error) error {
	for {
		token, err := d.Token()
		if err != nil {
			return err
		}
		switch token := token.(type) {
		case xml.StartElement:
			if err := f(token); err != nil {
				return err
			}
		case xml.EndElement:
			return nil
		}
	}
}

func setScalar(into reflect.Value, text string) error {
	switch into.Kind() {
	case reflect.String:
		if enum, ok := into.Interface().(interface{ Values() []string }); ok {
			for _, name := range enum.Values() {
				if strings.EqualFold(name, text) {
					into.SetString(name)
				}
			}
			return nil
		}
		into.SetString(text)
	case reflect.Bool:
		on, err := strconv.ParseBool(strings.ToLower(strings.TrimSpace(text)))
		if err != nil {
			return errors.New("neither true nor false")
		}
		into.SetBool(on)
	case reflect.Int, reflect.Int64:
		n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
		if err != nil {
			return errors.New("no number")
		}
		into.SetInt(n)
	}
	return nil
}
