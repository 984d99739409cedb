package receipt

import (
	"testing"
	"time"
	_ "time/tzdata"

	"almasu/exchange"
)

// DOMAIN 5.3: the legal forms of a date.
func TestDates(t *testing.T) {
	order := time.Date(2018, 3, 19, 0, 0, 0, 0, time.UTC)
	october := time.Date(2026, 10, 10, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct{ got, want string }{
		{Date(exchange.Kazakh, order), "2018 жылғы 19 наурыз"},
		{Date(exchange.Russian, order), "19 марта 2018 года"},
		{Date(exchange.English, order), "19 March 2018"},
		{NotLaterThan(exchange.Kazakh, october), "2026 жылғы 10 қазаннан кешіктірмей"},
		{NotLaterThan(exchange.Kazakh, october.AddDate(0, 3, 0)), "2027 жылғы 10 қаңтардан кешіктірмей"},
		{NotLaterThan(exchange.Kazakh, october.AddDate(0, 6, 0)), "2027 жылғы 10 сәуірден кешіктірмей"},
		{NotLaterThan(exchange.Kazakh, october.AddDate(0, 9, 0)), "2027 жылғы 10 шілдеден кешіктірмей"},
		{NotLaterThan(exchange.Russian, october), "не позднее 10 октября 2026 года"},
		{NotLaterThan(exchange.English, october), "not later than 10 October 2026"},
		{Quarter(exchange.Kazakh, "2026-Q3"), "2026 жылғы 3-тоқсан"},
		{Quarter(exchange.Russian, "2026-Q3"), "III квартал 2026 года"},
		{Quarter(exchange.English, "2026-Q3"), "Q3 2026"},
		{Quarter(exchange.English, "2026-Q5"), "2026-Q5"},
		{Quarter(exchange.Russian, ""), ""},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}

// Almaty is UTC+5 since 1 March 2024, +6 before: the offset is told with the
// time, and the day is that of the zone.
func TestMomentInTheZone(t *testing.T) {
	almaty, err := time.LoadLocation("Asia/Almaty")
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[string]string{
		"2026-09-30T19:00:00Z": "1 октября 2026 года, 00:00:00 (UTC+05:00)",
		"2024-02-29T17:59:59Z": "29 февраля 2024 года, 23:59:59 (UTC+06:00)",
	} {
		when, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if got := Moment(exchange.Russian, when, almaty); got != want {
			t.Errorf("%s: %q, want %q", at, got, want)
		}
	}
}

func TestPlurals(t *testing.T) {
	for minutes, want := range map[int]string{
		1: "осталась 1 минута.", 2: "осталось 2 минуты.", 4: "осталось 4 минуты.", 5: "осталось 5 минут.", 11: "осталось 11 минут.",
		12: "осталось 12 минут.", 14: "осталось 14 минут.", 21: "осталась 21 минута.", 22: "осталось 22 минуты.", 111: "осталось 111 минут.",
	} {
		if got := Remaining(exchange.Russian, time.Duration(minutes)*time.Minute+30*time.Second); got != "До истечения срока уведомления "+want {
			t.Errorf("%d: %q", minutes, got)
		}
	}
	for _, c := range []struct{ got, want string }{
		{Remaining(exchange.Kazakh, 15*time.Minute), "Хабарлау мерзіміне 15 минут қалды."},
		{Remaining(exchange.English, time.Minute), "1 minute remains before the notification deadline."},
		{Remaining(exchange.English, 3*time.Minute), "3 minutes remain before the notification deadline."},
		{Remaining(exchange.Russian, 0), "15-минутный срок истёк."},
		{Remaining(exchange.Kazakh, -time.Second), "15 минуттық мерзім өтіп кетті."},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{"a\r\nb": "a b", "  a\tb ": "a b", "\x1b[2Ja": "[2Ja", "a\u202eb\u200bc": "abc", "a\xffb": "a?b",
		"aaaaaaaaaaaa": "aaaaaaaaaa...", "ққққққққққққ": "ққққққққққ..."} {
		if got := clean(in, 10); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
