package iodef

import "almasu/parser/tree"

// rootNames is what is known at the root of the document, nil if it is not one
// of IODEF.
func rootNames(d *tree.Document) tree.Names {
	switch {
	case d.Root == nil:
		return nil
	case d.Syntax == tree.JSON:
		return jsonNames{theJSON().objects[Root]}
	case d.Root.Name != Root || d.Space != Namespace:
		return nil
	}
	return xmlNames{theXML().classes[Root]}
}

// xmlNames walks the classes beside a path (tree.Names, tree.Attributes); the
// class is nil inside an element that is no class.
type xmlNames struct{ class *class }

// Below implements tree.Names.
func (x xmlNames) Below(name string) (next tree.Names, repeats, known bool) {
	m := theXML()
	if x.class == nil {
		return nil, false, false
	}
	if x.class.mixed { // an element of IODEF inside an extension
		typ, ok := m.elements[name]
		return xmlNames{m.classes[typ]}, true, ok
	}
	if x.class.content == nil {
		return nil, false, false
	}
	for i, p := range x.class.content.places {
		if p.name == name {
			typ := p.typ
			if typ == "" {
				typ = m.elements[name]
			}
			return xmlNames{m.classes[typ]}, x.class.content.reaches(i, i), true
		}
	}
	return nil, false, false
}

// Attribute implements tree.Attributes.
func (x xmlNames) Attribute(name string) bool { return x.class != nil && x.class.attr(name) != nil }

// jsonNames walks the objects beside a path.
type jsonNames struct{ object *object }

// Below implements tree.Names.
func (x jsonNames) Below(name string) (next tree.Names, repeats, known bool) {
	if x.object == nil {
		return nil, false, false
	}
	m := x.object.member(name)
	if m == nil {
		return nil, false, false
	}
	typ := m.typ.name
	if two, ok := theJSON().either[typ]; ok {
		typ = two[1].name
	}
	return jsonNames{theJSON().objects[typ]}, false, true
}
