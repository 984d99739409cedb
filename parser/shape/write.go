package shape

import (
	"bytes"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"reflect"
)

// Object is a JSON object to be written, its members in order.
type Object struct {
	names  []string
	values []any
}

// Set adds a member; one with Go's zero value is left out.
func (o *Object) Set(name string, value any) *Object {
	v := reflect.ValueOf(value)
	if !v.IsValid() || v.IsZero() || v.Kind() == reflect.Slice && v.Len() == 0 {
		return o
	}
	return o.Put(name, value)
}

// Put adds a member whatever its value.
func (o *Object) Put(name string, value any) *Object {
	o.names, o.values = append(o.names, name), append(o.values, value)
	return o
}

// MarshalJSON implements json.Marshaler.
func (o *Object) MarshalJSON() ([]byte, error) {
	out := []byte{'{'}
	for i, name := range o.names {
		if i > 0 {
			out = append(out, ',')
		}
		for j, v := range []any{name, o.values[i]} {
			data, err := plain(v)
			if err != nil {
				return nil, err
			}
			if j > 0 {
				out = append(out, ':')
			}
			out = append(out, data...)
		}
	}
	return append(out, '}'), nil
}

func plain(v any) ([]byte, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimRight(out.Bytes(), "\n"), err
}

// Write writes an object as an indented document.
func Write(o *Object) ([]byte, error) {
	data, err := plain(o)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := json.Indent(&out, data, "", "  "); err != nil {
		return nil, err
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}

// NameUUID is the UUID of version 5 made from a name in our namespace (RFC 9562
// section 5.5): the same name gives the same UUID.
func NameUUID(name string) string {
	// A random UUID that is ours for ever.
	space := []byte{0x2f, 0x0f, 0x9e, 0x55, 0x3f, 0x0b, 0x5a, 0x16, 0x9b, 0x4c, 0x7f, 0x10, 0x5d, 0x1e, 0x60, 0x72}
	sum := sha1.Sum(append(space, name...))
	u := sum[:16]
	u[6], u[8] = u[6]&0x0f|0x50, u[8]&0x3f|0x80
	h := hex.EncodeToString(u)
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
