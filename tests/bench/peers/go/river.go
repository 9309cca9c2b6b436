package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

// runRiver is the River peer: greetings as jobs in PostgreSQL.
func runRiver(args []string) error {
	if len(args) == 0 {
		return errors.New("usage: peers river migrate|work|submit|wait [flags]")
	}
	flags := flag.NewFlagSet("river "+args[0], flag.ExitOnError)
	database := flags.String("database", "", "URL of the PostgreSQL database")
	jobs := flags.Int64("jobs", 0, "submit, wait: how many; submit: 0 means until the time is over")
	seconds := flags.Float64("seconds", 0, "submit: how long")
	submitters := flags.Int("submitters", 64, "submit: single inserts in flight")
	workers := flags.Int("workers", 100, "work: jobs that run at once")
	flags.Parse(args[1:])

	connections := map[string]int{"submit": *submitters, "work": 16}[args[0]]
	pool, err := connect(*database, max(connections, 2))
	if err != nil {
		return err
	}
	defer pool.Close()
	switch args[0] {
	case "migrate":
		return migrateRiver(pool)
	case "work":
		return workRiver(pool, *workers)
	case "submit":
		return submitRiver(pool, *submitters, *jobs, time.Duration(*seconds*float64(time.Second)))
	case "wait":
		return waitRiver(pool, *jobs)
	}
	return fmt.Errorf("no command %q", args[0])
}

func connect(url string, connections int) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	config.MaxConns = int32(connections)
	config.MinConns = config.MaxConns
	return pgxpool.NewWithConfig(context.Background(), config)
}

type greetingArgs struct {
	Name string `json:"name"`
}

func (greetingArgs) Kind() string { return "greeting" }

type greetingResult struct {
	Result string `json:"result"`
}

type greetingWorker struct {
	river.WorkerDefaults[greetingArgs]
}

func (*greetingWorker) Work(ctx context.Context, job *river.Job[greetingArgs]) error {
	return river.RecordOutput(ctx, greetingResult{"Hello " + job.Args.Name + "...!"})
}

func migrateRiver(pool *pgxpool.Pool) error {
	migrator, err := rivermigrate.New(riverpgxv5.New(pool), nil)
	if err != nil {
		return err
	}
	_, err = migrator.Migrate(context.Background(), rivermigrate.DirectionUp, nil)
	return err
}

// workRiver works jobs off until it is killed. With River's default pauses between two fetches it would
// be those that are measured, so they are short here.
func workRiver(pool *pgxpool.Pool, workers int) error {
	known := river.NewWorkers()
	river.AddWorker(known, &greetingWorker{})
	client, err := river.NewClient(riverpgxv5.New(pool), &river.Config{
		FetchCooldown:     2 * time.Millisecond,
		FetchPollInterval: 20 * time.Millisecond,
		Queues:            map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: workers}},
		Workers:           known,
	})
	if err != nil {
		return err
	}
	if err := client.Start(context.Background()); err != nil {
		return err
	}
	fmt.Println("working")
	select {}
}

// submitRiver empties the table, inserts jobs one by one and prints how many, in how many seconds, and
// when it began (Unix time).
func submitRiver(pool *pgxpool.Pool, submitters int, jobs int64, limit time.Duration) error {
	ctx := context.Background()
	if _, err := pool.Exec(ctx, "TRUNCATE river_job"); err != nil {
		return err
	}
	client, err := river.NewClient(riverpgxv5.New(pool), &river.Config{})
	if err != nil {
		return err
	}
	if err := fillPool(ctx, pool, submitters); err != nil {
		return err
	}
	var taken, inserted atomic.Int64
	var failure atomic.Value
	var group sync.WaitGroup
	start := time.Now()
	for range submitters {
		group.Go(func() {
			for (jobs == 0 || taken.Add(1) <= jobs) && (limit == 0 || time.Since(start) < limit) {
				if _, err := client.Insert(ctx, greetingArgs{Name: "Ada"}, nil); err != nil {
					failure.Store(err)
					return
				}
				inserted.Add(1)
			}
		})
	}
	group.Wait()
	if err, failed := failure.Load().(error); failed {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]float64{
		"jobs": float64(inserted.Load()), "seconds": time.Since(start).Seconds(), "start": unix(start)})
}

// fillPool opens all connections before the clock starts.
func fillPool(ctx context.Context, pool *pgxpool.Pool, connections int) error {
	for range connections {
		connection, err := pool.Acquire(ctx)
		if err != nil {
			return err
		}
		defer connection.Release()
	}
	return nil
}

// waitRiver waits until so many jobs are done and prints when that was (Unix time).
func waitRiver(pool *pgxpool.Pool, jobs int64) error {
	ctx := context.Background()
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		rows, err := pool.Query(ctx, "SELECT count(*) FROM river_job WHERE state = 'completed'")
		if err != nil {
			return err
		}
		done, err := pgx.CollectExactlyOneRow(rows, pgx.RowTo[int64])
		if err != nil {
			return err
		}
		if done >= jobs {
			return json.NewEncoder(os.Stdout).Encode(map[string]float64{"end": unix(time.Now())})
		}
	}
	return fmt.Errorf("not %d jobs done within 2 minutes", jobs)
}

func unix(moment time.Time) float64 { return float64(moment.UnixMicro()) / 1e6 }
