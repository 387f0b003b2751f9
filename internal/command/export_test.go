package command

import "fmt"

var ParseSyntax = parseSyntax

// KeyPlaces are the row's key specifications as text.
func (r *Row) KeyPlaces() (list []string) {
	for n, p := range r.places {
		text := fmt.Sprintf("index %d", p.at)
		switch p.search {
		case "keyword":
			text = fmt.Sprintf("keyword %s %d", p.keyword, p.at)
		case "unknown":
			text = "unknown"
		}
		switch {
		case p.search == "unknown":
			text += ", unknown"
		case p.counted:
			text += ", keynum 0 1 1"
		default:
			text += fmt.Sprintf(", range %d %d %d", p.last, p.step, p.limit)
		}
		list = append(list, text, fmt.Sprint(r.placeFlags(n)))
	}
	return list
}
