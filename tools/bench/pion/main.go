// A DTLS peer on pion/dtls, which ours stand beside in the benchmark: without an argument an echo
// server, which prints its port; with a port a client. For each line "bytes underway count" of its
// stdin the client exchanges so many messages, and prints how many were lost.
//
// On Debian: apt install golang-go golang-github-pion-dtls.v2-dev, and
// GO111MODULE=off GOPATH=/usr/share/gocode go build -o pion-peer tools/bench/pion/main.go
package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/pion/dtls/v2"
)

func config() *dtls.Config {
	return &dtls.Config{
		PSK:             func([]byte) ([]byte, error) { return make([]byte, 32), nil },
		PSKIdentityHint: []byte("bench"),
		CipherSuites:    []dtls.CipherSuiteID{dtls.TLS_PSK_WITH_AES_128_GCM_SHA256},
	}
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve() {
	listener, err := dtls.Listen("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}, config())
	fail(err)
	fmt.Println(listener.Addr().(*net.UDPAddr).Port)
	for {
		conn, err := listener.Accept()
		if err != nil {
			continue
		}
		go func() {
			buffer := make([]byte, 16384)
			for {
				n, err := conn.Read(buffer)
				if err != nil {
					return
				}
				if _, err := conn.Write(buffer[:n]); err != nil {
					return
				}
			}
		}()
	}
}

func connect(port int) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	conn, err := dtls.DialWithContext(ctx, "udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port}, config())
	fail(err)
	lines := bufio.NewScanner(os.Stdin)
	buffer := make([]byte, 16384)
	fmt.Println("ready")
	for lines.Scan() {
		var bytes, underway, count int
		fmt.Sscan(lines.Text(), &bytes, &underway, &count)
		message := make([]byte, bytes)
		sent, got, lost := 0, 0, 0
		for ; sent < underway && sent < count; sent++ {
			_, err := conn.Write(message)
			fail(err)
		}
		for got+lost < count {
			fail(conn.SetReadDeadline(time.Now().Add(time.Second)))
			if _, err := conn.Read(buffer); err != nil {
				lost += sent - got - lost
			} else {
				got++
			}
			for sent < count && sent-got-lost < underway {
				_, err := conn.Write(message)
				fail(err)
				sent++
			}
		}
		fmt.Println(lost)
	}
}

func main() {
	if len(os.Args) == 2 {
		port, err := strconv.Atoi(os.Args[1])
		fail(err)
		connect(port)
	} else {
		serve()
	}
}
