// Command probe is the smallest pod of the test cluster: the pause container of every
// sandbox, a server to reach, and a client that says whether something can be reached.
// It holds no shell, so `kubectl exec POD -- /probe get URL` works in the barest image.
package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

const deadline = 3 * time.Second

func main() {
	if len(os.Args) < 2 {
		pause()
		return
	}
	if err := run(os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(command string, args []string) error {
	switch {
	case command == "serve" && len(args) == 1:
		return serve(args[0])
	case command == "get" && len(args) == 1:
		return get(args[0])
	case command == "dial" && len(args) == 2:
		return dial(args[0], args[1])
	case command == "lookup" && len(args) == 1:
		return lookup(args[0])
	case command == "udp" && len(args) == 1:
		return udp(args[0])
	}
	return fmt.Errorf("usage: probe [serve ADDRESS | get URL | dial NETWORK ADDRESS | udp ADDRESS | lookup NAME]")
}

// pause waits for the end and reaps children: as process 1 of a shared namespace it inherits them.
func pause() {
	end := make(chan os.Signal, 1)
	child := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGINT, syscall.SIGTERM)
	signal.Notify(child, syscall.SIGCHLD)
	for {
		select {
		case <-end:
			return
		case <-child:
			reap()
		}
	}
}

func reap() {
	for {
		if pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); pid <= 0 || err != nil {
			return
		}
	}
}

// serve answers HTTP over TCP with the host's name and echoes UDP on the same address.
func serve(address string) error {
	packets, err := net.ListenPacket("udp", address)
	if err != nil {
		return err
	}
	go echo(packets)
	name, err := os.Hostname()
	if err != nil {
		return err
	}
	server := http.Server{Addr: address, ReadHeaderTimeout: deadline, Handler: http.HandlerFunc(
		func(w http.ResponseWriter, r *http.Request) { fmt.Fprintf(w, "%s\n", name) })}
	stop, cancel := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer cancel()
	context.AfterFunc(stop, func() { _ = server.Close() })
	if err := server.ListenAndServe(); err != http.ErrServerClosed {
		return err
	}
	return nil
}

func echo(packets net.PacketConn) {
	buffer := make([]byte, 1500)
	for {
		n, peer, err := packets.ReadFrom(buffer)
		if err != nil {
			return
		}
		_, _ = packets.WriteTo(buffer[:n], peer)
	}
}

func get(url string) error {
	client := http.Client{Timeout: deadline}
	answer, err := client.Get(url)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if _, err := io.Copy(os.Stdout, io.LimitReader(answer.Body, 1<<20)); err != nil {
		return err
	}
	if answer.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("%s", answer.Status)
	}
	return nil
}

func dial(network, address string) error {
	connection, err := net.DialTimeout(network, address, deadline)
	if err != nil {
		return err
	}
	return connection.Close()
}

// udp succeeds when the address echoes one packet within the deadline.
func udp(address string) error {
	connection, err := net.DialTimeout("udp", address, deadline)
	if err != nil {
		return err
	}
	defer connection.Close()
	if err := connection.SetDeadline(time.Now().Add(deadline)); err != nil {
		return err
	}
	if _, err := connection.Write([]byte("probe")); err != nil {
		return err
	}
	_, err = connection.Read(make([]byte, 16))
	return err
}

func lookup(name string) error {
	limit, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	addresses, err := net.DefaultResolver.LookupHost(limit, name)
	if err != nil {
		return err
	}
	for _, address := range addresses {
		fmt.Println(address)
	}
	return nil
}
