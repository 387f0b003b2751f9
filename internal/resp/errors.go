package resp

// Err is an error whose text goes to the client as it is: code, blank, text.
// Texts equal Redis's, because clients and tests compare them.
type Err string

func (e Err) Error() string { return string(e) }

// Errors that commands share.
const (
	ErrSyntax         Err = "ERR syntax error"
	ErrWrongType      Err = "WRONGTYPE Operation against a key holding the wrong kind of value"
	ErrNotInt         Err = "ERR value is not an integer or out of range"
	ErrNotFloat       Err = "ERR value is not a valid float"
	ErrOutOfRange     Err = "ERR value is out of range"
	ErrNoSuchKey      Err = "ERR no such key"
	ErrIndexRange     Err = "ERR index out of range"
	ErrOffsetRange    Err = "ERR offset is out of range"
	ErrOverflow       Err = "ERR increment or decrement would overflow"
	ErrNaNOrInf       Err = "ERR increment would produce NaN or Infinity"
	ErrStringTooLong  Err = "ERR string exceeds maximum allowed size (proto-max-bulk-len)"
	ErrSameObject     Err = "ERR source and destination objects are the same"
	ErrDBIndex        Err = "ERR DB index is out of range"
	ErrNoAuth         Err = "NOAUTH Authentication required."
	ErrWrongPass      Err = "WRONGPASS invalid username-password pair or user is disabled."
	ErrNoPassSet      Err = "ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?"
	ErrExecAbort      Err = "EXECABORT Transaction discarded because of previous errors."
	ErrNestedMulti    Err = "ERR MULTI calls can not be nested"
	ErrExecNoMulti    Err = "ERR EXEC without MULTI"
	ErrDiscardNoMulti Err = "ERR DISCARD without MULTI"
	ErrWatchInMulti   Err = "ERR WATCH inside MULTI is not allowed"
	ErrMaxClients     Err = "ERR max number of clients reached"
	ErrReadOnly       Err = "READONLY You can't write against a read only replica."
	ErrLoading        Err = "LOADING Haypile is loading the dataset in memory"
	ErrOOM            Err = "OOM command not allowed when used memory > 'maxmemory'."
	ErrNoDebug        Err = "ERR DEBUG command not allowed. If the enable-debug-command option is set to \"local\", you can run it from a local connection, otherwise you need to set this option in the configuration file, and then restart the server."
	ErrNoScript       Err = "NOSCRIPT No matching script. Please use EVAL."
	ErrInvalidCursor  Err = "ERR invalid cursor"
	ErrTimeoutNotNum  Err = "ERR timeout is not a float or out of range"
	ErrTimeoutNeg     Err = "ERR timeout is negative"
	ErrNotPositive    Err = "ERR value is out of range, must be positive"
	ErrMinMaxFloat    Err = "ERR min or max is not a float"
	ErrMinMaxString   Err = "ERR min or max not valid string range item"
	ErrHashNotInt     Err = "ERR hash value is not an integer"
	ErrHashNotFloat   Err = "ERR hash value is not a float"
	ErrBitOffset      Err = "ERR bit offset is not an integer or out of range"
	ErrBitValue       Err = "ERR bit is not an integer or out of range"
	ErrScoreNaN       Err = "ERR resulting score is not a number (NaN)"
	ErrHLLInvalid     Err = "INVALIDOBJ Corrupted HLL object detected"
	ErrNeedsOrder     Err = "ERR this command needs keys in byte order, but the data directory was made with keyspace-layout slotted"
	ErrHLLType        Err = "WRONGTYPE Key is not a valid HyperLogLog string value."
)

// WrongArity is the error for a command with a wrong number of arguments.
// name is the lower-case command, with |subcommand where there is one.
func WrongArity(name string) Err {
	return Err("ERR wrong number of arguments for '" + name + "' command")
}

// InvalidExpire is the error for a time to live that is not acceptable.
func InvalidExpire(name string) Err {
	return Err("ERR invalid expire time in '" + name + "' command")
}
