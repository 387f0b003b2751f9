package transfer

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// filesOf lists the files that belong to a path, in the order in which they are read: those of a
// manifest, of a directory that has one, or the path itself.
func filesOf(path string) ([]string, error) {
	if info, err := os.Stat(path); err != nil {
		return nil, err
	} else if info.IsDir() {
		found, err := filepath.Glob(filepath.Join(path, "*.manifest"))
		if err != nil || len(found) != 1 {
			return nil, fmt.Errorf("%s: there must be one *.manifest in the directory", path)
		}
		path = found[0]
	}
	if !strings.HasSuffix(path, ".manifest") {
		return []string{path}, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return manifest(string(text), filepath.Dir(path))
}

// manifest reads lines such as "file appendonly.aof.1.base.rdb seq 1 type b": one base, then the
// increments. Those of type h are history.
func manifest(text, dir string) ([]string, error) {
	var files []string
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) == 0 || words[0][0] == '#' {
			continue
		}
		about := map[string]string{}
		for i := 0; i+1 < len(words); i += 2 {
			about[words[i]] = strings.Trim(words[i+1], `"`)
		}
		name, kind := about["file"], about["type"]
		switch {
		case name == "" || name != filepath.Base(name):
			return nil, fmt.Errorf("the manifest has a line without a file: %q", line)
		case kind == "b" || kind == "i":
			files = append(files, filepath.Join(dir, name))
		case kind != "h":
			return nil, fmt.Errorf("the manifest has a file of an unknown type: %q", line)
		}
	}
	if len(files) == 0 {
		return nil, errors.New("the manifest names no files")
	}
	return files, nil
}

var (
	errAOF      = errors.New("this is no command of an AOF")
	errCutShort = errors.New("the last command is cut off")
)

const (
	maxAOFArgs = 1 << 20
	maxAOFArg  = 1 << 30
)

// commands sends the commands of an AOF as they are. In the last file a command that is cut off at the
// end is left out, and so is the transaction that it belongs to, because the server never sees its EXEC.
func (im *importer) commands(in *bufio.Reader, last bool) error {
	read := int64(0)
	for {
		args, size, err := aofCommand(in)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, errCutShort) && last:
			im.stats.complain(func() string {
				return fmt.Sprintf("the file is cut off after %d bytes of commands; the last one was left out", read)
			})
			return nil
		case err != nil:
			return fmt.Errorf("after %d bytes of commands: %w", read, err)
		}
		read += size
		if err := im.replay(args); err != nil {
			return err
		}
	}
}

func (im *importer) replay(args [][]byte) error {
	if len(args) == 2 && bytes.EqualFold(args[0], []byte("select")) {
		return im.sel(string(args[1]))
	}
	w := &im.pipe.c.w
	w.Array(len(args))
	for _, a := range args {
		w.Bulk(a)
	}
	im.stats.Commands.Add(1)
	return im.pipe.add()
}

// aofCommand reads one command; EOF says that there is no other.
func aofCommand(in *bufio.Reader) (args [][]byte, size int64, err error) {
	for {
		line, err := in.ReadSlice('\n')
		size += int64(len(line))
		switch {
		case errors.Is(err, io.EOF) && len(line) == 0:
			return nil, 0, io.EOF
		case errors.Is(err, io.EOF):
			return nil, 0, errCutShort
		case err != nil:
			return nil, 0, fmt.Errorf("%w: %v", errAOF, err)
		case line[0] == '#': // a time stamp
			continue
		}
		n, err := aofNumber(line, '*', maxAOFArgs)
		if err != nil || n == 0 {
			return nil, 0, errAOF
		}
		for range n {
			arg, read, err := aofArg(in)
			if err != nil {
				return nil, 0, err
			}
			args, size = append(args, arg), size+read
		}
		return args, size, nil
	}
}

func aofNumber(line []byte, mark byte, most int) (int, error) {
	text, ok := bytes.CutSuffix(line, []byte("\r\n"))
	if !ok || len(text) < 2 || text[0] != mark {
		return 0, errAOF
	}
	n, err := strconv.Atoi(string(text[1:]))
	if err != nil || n < 0 || n > most {
		return 0, errAOF
	}
	return n, nil
}

func aofArg(in *bufio.Reader) (arg []byte, size int64, err error) {
	line, err := in.ReadSlice('\n')
	if errors.Is(err, io.EOF) {
		return nil, 0, errCutShort
	}
	if err != nil {
		return nil, 0, errAOF
	}
	n, err := aofNumber(line, '$', maxAOFArg)
	if err != nil {
		return nil, 0, err
	}
	size = int64(len(line) + n + 2)
	var buf bytes.Buffer // it grows as bytes arrive
	if _, err := io.CopyN(&buf, in, int64(n)+2); err != nil {
		return nil, 0, errCutShort
	}
	if !bytes.HasSuffix(buf.Bytes(), []byte("\r\n")) {
		return nil, 0, errAOF
	}
	return buf.Bytes()[:n], size, nil
}
