package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/spf13/cobra"

	"github.com/haypile/haypile/internal/binlog"
	"github.com/haypile/haypile/internal/node"
)

func doctorCommand() *cobra.Command {
	cut, user, password := false, "", ""
	c := &cobra.Command{
		Use:   "doctor DIR | HOST:PORT",
		Short: "Examine a data directory, or the ports of a running master",
		Long: "Examine the data directory of a server that is stopped. Nothing is changed, unless --cut-log is given:\n" +
			"then a log that is damaged in the middle is ended before the damage; what lies behind is kept in files\n" +
			"named *.damaged. Make a copy of the directory first.\n\n" +
			"Given host and port, say which ports of that master a replica on this machine could reach.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, err := os.Stat(args[0]); err != nil && strings.Contains(args[0], ":") {
				return examinePorts(cmd.Context(), cmd.OutOrStdout(), args[0], user, password)
			}
			return examine(cmd.OutOrStdout(), vfs.Default, args[0], cut)
		},
	}
	c.Flags().BoolVar(&cut, "cut-log", false, "end a damaged log before the damage")
	c.Flags().StringVar(&user, "user", "", "ACL user, for HOST:PORT")
	c.Flags().StringVar(&password, "password", "", "password, for HOST:PORT")
	return c
}

var errDamaged = errors.New("the directory is damaged; see above")

// examine reports on every database of a data directory.
func examine(out io.Writer, fs vfs.FS, dir string, cut bool) error {
	text, err := os.ReadFile(filepath.Join(dir, "FORMAT"))
	if err != nil {
		return fmt.Errorf("%s is not a Haypile data directory: %w", dir, err)
	}
	fmt.Fprintf(out, "%s\n", dir)
	for line := range strings.Lines(string(text)) {
		fmt.Fprintf(out, "  %s", line)
	}
	lock, err := fs.Lock(filepath.Join(dir, "LOCK"))
	if err != nil {
		return fmt.Errorf("a server is using the directory; stop it first: %w", err)
	}
	defer lock.Close()
	names, err := filepath.Glob(filepath.Join(dir, "db*"))
	if err != nil {
		return err
	}
	bad := false
	for _, name := range names {
		ok, err := examineDatabase(out, fs, name, cut)
		if err != nil {
			return err
		}
		bad = bad || !ok
	}
	if bad {
		return errDamaged
	}
	fmt.Fprintln(out, "no damage found")
	return nil
}

func examineDatabase(out io.Writer, fs vfs.FS, dir string, cut bool) (ok bool, err error) {
	fmt.Fprintf(out, "\n%s\n", filepath.Base(dir))
	dir, err = node.DatabaseDir(fs, dir)
	if err != nil {
		fmt.Fprintf(out, "  %v\n", err)
		return false, nil
	}
	st, err := node.InspectStore(fs, dir)
	if err != nil {
		fmt.Fprintf(out, "  store   cannot be opened: %v\n", err)
		fmt.Fprintln(out, "          restore it from a backup (see BGSAVE), or from a replica")
		return false, nil
	}
	fmt.Fprintf(out, "  store   %d keys, %d with an expiry, at log position %d\n", st.Keys, st.Expires, st.LSN)
	logDir := filepath.Join(dir, "binlog")
	if _, err := fs.Stat(logDir); os.IsNotExist(err) {
		fmt.Fprintln(out, "  binlog  none here: a backup has none, and binlog-path may name another place")
		return true, nil
	}
	reports, err := binlog.Inspect(fs, logDir)
	if err != nil {
		fmt.Fprintf(out, "  binlog  %v\n", err)
		return false, nil
	}
	ok = true
	end := binlog.LSN(st.LSN)
	for i, r := range reports {
		printSegment(out, r)
		end = max(end, r.Good)
		damaged := r.Problem != nil && (r.NextGood != 0 || i < len(reports)-1) && r.Good >= binlog.LSN(st.LSN)
		if !damaged {
			continue
		}
		ok = false
		fmt.Fprintf(out, "          damaged: the server refuses to start, because records behind position %d would be lost\n", r.Good)
		if cut {
			if err := binlog.Cut(fs, logDir, r.Good); err != nil {
				return false, err
			}
			fmt.Fprintf(out, "          the log now ends at %d; what was behind is in *.damaged\n", r.Good)
			return true, nil
		}
		fmt.Fprintln(out, "          what can be saved: everything before that position (haypile doctor DIR --cut-log)")
		break
	}
	fmt.Fprintf(out, "  a start would replay %d bytes of log\n", uint64(max(0, int64(end)-int64(st.LSN))))
	return ok, nil
}

func printSegment(out io.Writer, r binlog.SegmentReport) {
	span := ""
	if r.Records > 0 {
		span = fmt.Sprintf(", %s to %s", stamp(r.First), stamp(r.Last))
	}
	fmt.Fprintf(out, "  binlog  %s: %d records, positions %d to %d%s\n", filepath.Base(r.Path), r.Records, r.Start, r.Good, span)
	if r.Problem != nil {
		fmt.Fprintf(out, "          then %d bytes that cannot be read: %v\n", r.Behind, r.Problem)
		if r.NextGood != 0 {
			fmt.Fprintf(out, "          a readable record follows at %d\n", r.NextGood)
		}
	}
}

func stamp(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02 15:04:05") }
