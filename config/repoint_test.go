package config

import "testing"

func TestRepointKeys(t *testing.T) {
	renamed := map[string]string{"/in/keys/a.asc": "a.asc", "/abs/b.asc": "b.asc"}
	cases := []struct{ name, in, want string }{
		{"relative", "id: a\nopenpgp: [keys/a.asc]\n", "id: a\nopenpgp: [a.asc]\n"},
		{"absolute, and one that is not renamed", "id: a\nsmime: [/abs/b.asc, other.pem]\n", "id: a\nsmime: [b.asc, other.pem]\n"},
		{"nothing to change keeps the octets", "id:   a\nopenpgp: [x.asc]  # kept\n", "id:   a\nopenpgp: [x.asc]  # kept\n"},
		{"empty", "", ""},
	}
	for _, c := range cases {
		got, err := RepointKeys([]byte(c.in), "/in", renamed)
		if err != nil || string(got) != c.want {
			t.Errorf("%s: %q %v", c.name, got, err)
		}
	}
	if _, err := RepointKeys([]byte("a: [b"), "/in", renamed); err == nil {
		t.Error("broken YAML was taken")
	}
}
