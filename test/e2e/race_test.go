//go:build race

package e2e

// The binary is built with the race detector when the tests are.
const raceFlag = "-race"
