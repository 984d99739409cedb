package cvss

import "sync"

// scores4 are the scores of the MacroVectors in tenths (CVSS 4.0 section 8.2),
// by EQ1, EQ2 and EQ3; in a row EQ4, EQ5 and EQ6 count up. EQ3 of 2 has no EQ6
// of 0.
var scores4 = sync.OnceValue(func() map[string][]int {
	return map[string][]int{
		"000": {100, 99, 98, 95, 95, 92, 100, 96, 93, 87, 91, 81, 93, 90, 89, 80, 81, 68},
		"001": {98, 95, 95, 92, 90, 84, 93, 92, 89, 81, 81, 65, 88, 80, 78, 70, 69, 48},
		"002": {92, 82, 72, 79, 69, 50, 69, 55, 27},
		"010": {99, 97, 95, 92, 92, 85, 95, 91, 90, 83, 84, 71, 92, 81, 82, 71, 72, 53},
		"011": {95, 93, 92, 85, 85, 73, 92, 82, 80, 72, 70, 59, 84, 70, 71, 52, 50, 30},
		"012": {86, 75, 52, 71, 52, 29, 63, 29, 17},
		"100": {98, 95, 94, 87, 91, 81, 94, 89, 86, 74, 77, 64, 87, 75, 74, 63, 63, 49},
		"101": {94, 89, 88, 77, 76, 67, 86, 76, 74, 58, 59, 50, 72, 57, 57, 52, 52, 25},
		"102": {83, 70, 54, 65, 58, 26, 53, 21, 13},
		"110": {95, 90, 88, 76, 76, 70, 90, 77, 75, 62, 61, 53, 77, 66, 68, 59, 52, 30},
		"111": {89, 78, 76, 67, 62, 58, 74, 59, 57, 57, 47, 23, 61, 52, 57, 29, 24, 16},
		"112": {71, 59, 30, 58, 26, 15, 23, 13, 6},
		"200": {93, 87, 86, 72, 75, 58, 86, 74, 74, 61, 56, 34, 70, 54, 52, 40, 40, 22},
		"201": {85, 75, 74, 55, 62, 51, 72, 57, 55, 41, 46, 19, 53, 36, 34, 19, 19, 8},
		"202": {64, 51, 20, 47, 21, 11, 24, 9, 4},
		"210": {88, 75, 73, 53, 60, 50, 73, 55, 59, 40, 41, 20, 54, 43, 45, 22, 20, 11},
		"211": {75, 55, 58, 45, 40, 21, 61, 51, 48, 18, 20, 9, 46, 18, 17, 7, 8, 2},
		"212": {53, 24, 14, 24, 12, 5, 10, 3, 1},
	}
})

// lookup is the score of a MacroVector; ok is false where there is none.
func lookup(eq [6]int) (score float64, ok bool) {
	row := scores4()[string([]byte{'0' + byte(eq[0]), '0' + byte(eq[1]), '0' + byte(eq[2])})]
	at := (eq[3]*3+eq[4])*2 + eq[5]
	if eq[2] == 2 {
		at = eq[3]*3 + eq[4]
	}
	if row == nil || eq[3] > 2 || eq[4] > 2 || eq[5] > 1 || eq[2] == 2 && eq[5] == 0 {
		return 0, false
	}
	return float64(row[at]) / 10, true
}

// highest are the most severe vectors of each level of EQ1, EQ2, EQ3 with EQ6,
// and EQ4 (CVSS 4.0 section 8.3).
func highest(eq [6]int) [4][]string {
	return [4][]string{
		[][]string{{"AV:N/PR:N/UI:N"}, {"AV:A/PR:N/UI:N", "AV:N/PR:L/UI:N", "AV:N/PR:N/UI:P"}, {"AV:P/PR:N/UI:N", "AV:A/PR:L/UI:P"}}[eq[0]],
		[][]string{{"AC:L/AT:N"}, {"AC:H/AT:N", "AC:L/AT:P"}}[eq[1]],
		map[[2]int][]string{
			{0, 0}: {"VC:H/VI:H/VA:H/CR:H/IR:H/AR:H"},
			{0, 1}: {"VC:H/VI:H/VA:L/CR:M/IR:M/AR:H", "VC:H/VI:H/VA:H/CR:M/IR:M/AR:M"},
			{1, 0}: {"VC:L/VI:H/VA:H/CR:H/IR:H/AR:H", "VC:H/VI:L/VA:H/CR:H/IR:H/AR:H"},
			{1, 1}: {"VC:L/VI:H/VA:L/CR:H/IR:M/AR:H", "VC:L/VI:H/VA:H/CR:H/IR:M/AR:M", "VC:H/VI:L/VA:H/CR:M/IR:H/AR:M",
				"VC:H/VI:L/VA:L/CR:M/IR:H/AR:H", "VC:L/VI:L/VA:H/CR:H/IR:H/AR:M"},
			{2, 1}: {"VC:L/VI:L/VA:L/CR:H/IR:H/AR:H"},
		}[[2]int{eq[2], eq[5]}],
		[][]string{{"SC:H/SI:S/SA:S"}, {"SC:H/SI:H/SA:H"}, {"SC:L/SI:L/SA:L"}}[eq[3]],
	}
}

// depths are how many steps lie between the most and the least severe vector
// of a level, in the order of highest.
func depths(eq [6]int) [4]float64 {
	return [4]float64{
		[]float64{1, 4, 5}[eq[0]], []float64{1, 2}[eq[1]],
		map[[2]int]float64{{0, 0}: 7, {0, 1}: 6, {1, 0}: 8, {1, 1}: 8, {2, 1}: 10}[[2]int{eq[2], eq[5]}],
		[]float64{6, 5, 4}[eq[3]],
	}
}
