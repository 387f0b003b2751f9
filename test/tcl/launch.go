package main

const launchWord = "launch"

func launch(args []string) error { return nil }
