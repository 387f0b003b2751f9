// Package config holds what an operator can set: every parameter is one row,
// and the row drives parsing, checking, CONFIG GET, SET and REWRITE, the command
// line, the help text, the printed default file and the reference page.
//
// Promises, cited in the code by their number:
//
//	C1  One row per parameter. Its name, default, limits and meaning are written
//	    nowhere else.
//	C2  A published Values never changes. Readers take it with Config.Load, an
//	    atomic pointer read, and keep it for as long as they need a consistent view.
//	C3  CONFIG SET is all or nothing: either every pair is valid, the relations
//	    between parameters hold and every OnChange hook agrees, or nothing happens.
//	C4  A file that CONFIG REWRITE leaves behind loads to the values in force when
//	    it was written, those without effect excepted if an included file adds
//	    to them. It replaces the old one whole or not at all.
//	C5  Bad input is answered with a sentence. For a file it begins "file:line:",
//	    and for CONFIG SET it is word for word what Redis 7.0 replies.
//
// What a Values does not know is how its fields are applied; whoever uses a field
// that can change while running registers an OnChange hook or reads it each time.
//
// To add a parameter: a field in Values, a row in one of the rows_*.go files.
package config
