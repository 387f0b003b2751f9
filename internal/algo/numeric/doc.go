// Package numeric holds Redis 7.0's rules for reading and writing numbers.
//
// It promises that text accepted or refused here is accepted or refused by
// Redis 7.0 on x86-64 with glibc, and that numbers are written byte for byte
// as it writes them:
//
//   - ParseInt64 / AppendInt: string2ll and ll2string;
//   - ParseFloat: string2d, that is strtod over the whole text;
//   - AppendFloat: double replies of RESP2 ("%.17g", "inf", "-inf");
//   - AppendScore: d2string, the form of scores inside a listpack;
//   - AppendHuman: "%.17Lf" without trailing zeros, as GEOPOS replies;
//   - LongDouble: the x87 80-bit arithmetic of INCRBYFLOAT and HINCRBYFLOAT.
//
// Every function is pure and safe for concurrent use; no input makes one
// panic, and running time is bounded by the length of the text.
package numeric
