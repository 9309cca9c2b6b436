// The peers of the benchmarks, as a Go team would write them: grpc-go serving the Docking API, and
// grpc-gateway serving it as REST; and River, working off greetings that it keeps in PostgreSQL. They are
// several programs in one file:
//
//	peers backend  -listen 127.0.0.1:0 [-info-delay 5s]
//	peers gateway  -listen 127.0.0.1:0 -backend HOST:PORT [-access-log FILE]
//	peers river    migrate|work|submit|wait -database URL [-jobs N] …
//
// Those that serve print `listening on HOST:PORT` (river work: `working`) when they are ready and serve
// until they are killed.
package main

import (
	"fmt"
	"net"
	"os"
)

func main() {
	if len(os.Args) < 2 {
		fail("usage: peers backend|gateway|river [flags]")
	}
	var err error
	switch os.Args[1] {
	case "backend":
		err = runBackend(os.Args[2:])
	case "gateway":
		err = runGateway(os.Args[2:])
	case "river":
		err = runRiver(os.Args[2:])
	default:
		fail("no peer %q: there are backend, gateway and river", os.Args[1])
	}
	if err != nil {
		fail("%v", err)
	}
}

func fail(format string, args ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", args...)
	os.Exit(2)
}

// listen opens the address and tells whoever started us which one it became.
func listen(address string) (net.Listener, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	fmt.Printf("listening on %s\n", listener.Addr())
	return listener, nil
}
