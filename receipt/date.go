package receipt

import (
	"strconv"
	"strings"
	"time"
	"unicode"

	"almasu/exchange"
)

// Date is the day in the legal form of a language (DOMAIN 5.3): "2018 жылғы 19
// наурыз", "19 марта 2018 года", "19 March 2018". The day is that of t's zone.
func Date(l exchange.Language, t time.Time) string {
	return say(l, "date", strconv.Itoa(t.Year()), strconv.Itoa(t.Day()), month(l, "month.", t))
}

// NotLaterThan is a day as the end of a period: "2026 жылғы 10 қазаннан
// кешіктірмей", "не позднее 10 октября 2026 года", "not later than 10 October
// 2026". Kazakh takes the ablative.
func NotLaterThan(l exchange.Language, t time.Time) string {
	return say(l, "not-later-than", strconv.Itoa(t.Year()), strconv.Itoa(t.Day()), month(l, "month-from.", t))
}

func month(l exchange.Language, key string, t time.Time) string {
	return say(l, key+strconv.Itoa(int(t.Month())))
}

// Moment is day and time in the zone, to the second, with its offset.
func Moment(l exchange.Language, t time.Time, zone *time.Location) string {
	t = t.In(zone)
	return say(l, "moment", Date(l, t), t.Format("15:04:05"), t.Format("-07:00"))
}

// Quarter puts a quarter written 2026-Q3 into the words of a language; what is
// not one comes back as it is.
func Quarter(l exchange.Language, quarter string) string {
	year, n, ok := strings.Cut(quarter, "-Q")
	if !ok || len(n) != 1 || n < "1" || n > "4" {
		return clean(quarter, 20)
	}
	return say(l, "quarter", clean(year, 10), say(l, "quarter."+n))
}

// Remaining tells how long is left before a deadline, in whole minutes.
func Remaining(l exchange.Language, left time.Duration) string {
	if left <= 0 {
		return say(l, "overdue")
	}
	return counted(l, "remaining.", int(left/time.Minute))
}

// counted is a text with a number in the plural form the number asks for.
func counted(l exchange.Language, key string, n int) string {
	return say(l, key+plural(l, n), strconv.Itoa(n))
}

// plural names the form: Russian has three (минута, минуты, минут), English
// two, and in Kazakh a number changes nothing.
func plural(l exchange.Language, n int) string {
	if l != exchange.Russian {
		if n == 1 {
			return "one"
		}
		return "many"
	}
	switch {
	case n%10 == 1 && n%100 != 11:
		return "one"
	case n%10 >= 2 && n%10 <= 4 && (n%100 < 12 || n%100 > 14):
		return "few"
	}
	return "many"
}

// clean makes a foreign word one bounded line without control characters and
// without marks that turn the direction of writing.
func clean(s string, limit int) string {
	s = strings.Join(strings.Fields(strings.Map(visible, strings.ToValidUTF8(s, "?"))), " ")
	if runes := []rune(s); len(runes) > limit {
		return string(runes[:limit]) + "..."
	}
	return s
}

func visible(r rune) rune {
	if unicode.IsControl(r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r) {
		return ' '
	}
	if unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Co, r) {
		return -1
	}
	return r
}
