package command

// Host is what the running instance offers to commands that are not about
// data. The node implements it.
type Host interface {
	Databases() int
}
