package httpx

import (
	"reflect"
	"strings"
)

func (b *binder) slice(v reflect.Value) error {
	if b.tok == nullToken {
		v.SetZero()
		return nil
	}
	if b.tok != startArray {
		return b.unfit(b.typeName(v.Type()))
	}
	all := reflect.MakeSlice(v.Type(), 0, 0)
	b.path = append(b.path, step{})
	for at := len(b.path) - 1; ; b.path[at].index++ {
		if err := b.read(); err != nil {
			return err
		}
		if b.tok == endArray {
			b.path = b.path[:at]
			v.Set(all)
			return nil
		}
		element := reflect.New(v.Type().Elem()).Elem()
		if err := b.bind(element); err != nil {
			return err
		}
		all = reflect.Append(all, element)
	}
}

// object reads the members of an object; each has to read its value.
func (b *binder) object(member func(name string) error) error {
	for {
		if err := b.read(); err != nil {
			return err
		}
		if b.tok == endObject {
			return nil
		}
		name, ok := b.plain()
		if !ok {
			name = strings.ToValidUTF8(string(b.text), "\uFFFD")
		}
		b.path = append(b.path, step{name: name})
		if err := b.read(); err != nil {
			return err
		}
		if err := member(name); err != nil {
			return err
		}
		b.path = b.path[:len(b.path)-1]
	}
}

func (b *binder) mapValue(v reflect.Value) error {
	t := v.Type()
	if b.tok == nullToken {
		v.SetZero()
		return nil
	}
	if b.tok != startObject {
		return b.unfit(b.typeName(t))
	}
	all := reflect.MakeMap(t)
	err := b.object(func(name string) error {
		element := reflect.New(t.Elem()).Elem()
		if err := b.bind(element); err != nil {
			return err
		}
		all.SetMapIndex(reflect.ValueOf(name).Convert(t.Key()), element)
		return nil
	})
	if err != nil {
		return err
	}
	v.Set(all)
	return nil
}

func (b *binder) structValue(v reflect.Value) error {
	t := v.Type()
	if b.tok == nullToken {
		v.SetZero()
		return nil
	}
	if b.tok != startObject {
		return b.unfit(b.typeName(t))
	}
	plan := b.plans[t]
	if plan == nil {
		if b.plans == nil {
			b.plans = make(map[reflect.Type]map[string][]int, 1)
		}
		plan = members(t)
		b.plans[t] = plan
	}
	outermost := b.depth == 1
	if d, ok := v.Addr().Interface().(interface{ SetDefaults() }); ok && !outermost {
		d.SetDefaults()
	}
	return b.object(func(name string) error {
		name = lowerASCII(name)
		index := plan[name]
		if index == nil {
			return b.skip()
		}
		if outermost {
			b.seen = append(b.seen, name)
		}
		return b.bind(v.FieldByIndex(index))
	})
}
