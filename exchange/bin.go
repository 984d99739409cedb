package exchange

// ValidBIN reports whether s is a business or individual identification number
// (BIN, IIN): twelve digits, the last of which checks the others (DOMAIN 5.4).
func ValidBIN(s string) bool {
	if len(s) != 12 {
		return false
	}
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return false
		}
	}
	digit := binDigit(s, 1)
	if digit == 10 {
		digit = binDigit(s, 3)
	}
	return digit == int(s[11]-'0')
}

// binDigit weighs the first eleven digits; 10 is no digit.
func binDigit(s string, first int) int {
	sum := 0
	for i := range 11 {
		sum += int(s[i]-'0') * ((first+i-1)%11 + 1)
	}
	return sum % 11
}
