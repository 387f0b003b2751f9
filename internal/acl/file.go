package acl

import (
	"fmt"
	"strings"
)

// Replace makes the users of an ACL file the only ones, or, if anything is wrong with it,
// changes nothing and says all that is. gone are the users that were there before, new
// ones of the same names included: their clients have to log in again. The default user
// stays the same User.
func (u *Users) Replace(file, text string) (gone []*User, err error) {
	fresh, problems := u.parseFile(file, text)
	if problems != "" {
		return nil, fmt.Errorf("%sWARNING: ACL errors detected, no change to the previously active ACL rules was performed", problems)
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	for name, user := range u.byName {
		if user != u.Default {
			gone = append(gone, user)
			delete(u.byName, name)
			user.end()
		}
	}
	rights := u.free()
	if r := fresh[DefaultName]; r != nil {
		rights = r
		delete(fresh, DefaultName)
	}
	u.Default.rights.Store(rights)
	for name, r := range fresh {
		user := &User{Name: name}
		user.rights.Store(r)
		u.byName[name] = user
	}
	return gone, nil
}

// parseFile reads lines "user NAME rules…"; blank lines are allowed, comments are not, since
// ACL SAVE would drop them. Problems are said in one line, as Redis does.
func (u *Users) parseFile(file, text string) (users map[string]*Rights, problems string) {
	users = map[string]*Rights{}
	var b strings.Builder
	n := 0
	for line := range strings.SplitSeq(text, "\n") {
		n++
		line = strings.Trim(line, " \t\r\n")
		if line == "" {
			continue
		}
		words := strings.Split(line, " ")
		switch {
		case words[0] != "user" || len(words) < 2:
			fmt.Fprintf(&b, "%s:%d should start with user keyword followed by the username. ", file, n)
			continue
		case words[1] == "" || hasBlank(words[1]):
			fmt.Fprintf(&b, "'%s:%d: username '%s' contains invalid characters. ", file, n, words[1])
			continue
		case users[words[1]] != nil:
			fmt.Fprintf(&b, "WARNING: Duplicate user '%s' found on line %d. ", words[1], n)
			continue
		}
		rights, problem := u.parseUser(fmt.Sprintf("%s:%d", file, n), words[2:])
		b.WriteString(problem)
		users[words[1]] = rights
	}
	return users, b.String()
}

// parseUser goes on behind a rule that names what is not there, so that all of these are
// told at once; of other errors the first is.
func (u *Users) parseUser(at string, words []string) (*Rights, string) {
	d := u.draft(nil)
	rules, err := mergeSelectors(words)
	if err != nil {
		return d.finish(), at + ": Unmatched parenthesis in selector definition."
	}
	var b strings.Builder
	told := false
	for _, r := range rules {
		r = strings.Trim(r, "\t\r\n")
		switch err := d.rule(r); {
		case err == nil:
		case err == errUnknown:
			fmt.Fprintf(&b, "%s: Error in applying operation '%s': %v", at, r, err)
			if near := u.Commands.nearest(r); near != "" {
				fmt.Fprintf(&b, "; did you mean '%s'?", near)
			}
			b.WriteString(". ")
		case !told:
			told = true
			fmt.Fprintf(&b, "%s: %v. ", at, err)
		}
	}
	return d.finish(), b.String()
}
