package config

import (
	"bytes"
	"errors"
	"path/filepath"

	"go.yaml.in/yaml/v3"
)

// RepointKeys makes the key paths of a participant file point elsewhere: the
// file with the absolute path that is a name in renamed is called by its value
// there. dir is the folder that relative paths in data start from. Where
// nothing changes the octets stay as they are.
func RepointKeys(data []byte, dir string, renamed map[string]string) ([]byte, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil, err
	}
	changed := false
	if len(doc.Content) == 0 {
		return data, nil
	}
	root := doc.Content[0]
	for i := 0; i+1 < len(root.Content); i += 2 {
		if name := root.Content[i].Value; name != "openpgp" && name != "smime" {
			continue
		}
		for _, path := range root.Content[i+1].Content {
			full := path.Value
			if !filepath.IsAbs(full) {
				full = filepath.Join(dir, full)
			}
			if abs, err := filepath.Abs(full); err == nil && renamed[abs] != "" && renamed[abs] != path.Value {
				path.Value, changed = renamed[abs], true
			}
		}
	}
	if !changed {
		return data, nil
	}
	var out bytes.Buffer
	e := yaml.NewEncoder(&out)
	e.SetIndent(2)
	err := errors.Join(e.Encode(&doc), e.Close())
	return out.Bytes(), err
}
