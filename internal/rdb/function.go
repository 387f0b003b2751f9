package rdb

// AppendFunctions makes the payload of FUNCTION DUMP: the codes of libraries.
func AppendFunctions(dst []byte, codes []string) []byte {
	for _, code := range codes {
		dst = AppendString(append(dst, opFunction2), []byte(code))
	}
	return AppendFooter(dst)
}

// Functions reads the payload of FUNCTION RESTORE. notFunction says that it holds something else.
func Functions(payload []byte) (codes [][]byte, notFunction bool, err error) {
	b, _, err := CheckFooter(payload)
	if err != nil {
		return nil, false, err
	}
	for r := NewPayload(b); r.More(); {
		op, err := r.byte()
		if err != nil || op != opFunction2 {
			return nil, true, nil
		}
		code, err := r.String()
		if err != nil {
			return nil, true, nil
		}
		codes = append(codes, code)
	}
	return codes, false, nil
}
