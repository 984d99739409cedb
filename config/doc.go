// Package config reads the settings of Almasu: almasu.yaml and the participant
// files it names (DESIGN section 8), as plain structs with typed values and
// every default filled in.
//
// It owns the names of the settings, their defaults and what is wrong with
// them: each mistake is reported with its file, line and remedy, and all of
// them at once. It is the only reader of files of settings and of secrets. It
// refuses unknown and duplicate keys, opens no connection, and keeps nothing:
// a reload is another Load.
package config
