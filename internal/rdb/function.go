package rdb

const opFunction2 = 245

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
	for len(b) > 0 {
		if b[0] != opFunction2 {
			return nil, true, nil
		}
		var code []byte
		if code, b, err = ReadString(b[1:]); err != nil {
			return nil, true, nil
		}
		codes = append(codes, code)
	}
	return codes, false, nil
}
