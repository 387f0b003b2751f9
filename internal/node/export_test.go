package node

// ExpireBackups does what is done once a minute.
func (n *Node) ExpireBackups() { n.expireBackups() }
