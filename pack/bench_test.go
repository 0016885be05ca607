package pack

import (
	"context"
	"io"
	"os"
	"testing"
	"time"
)

// BenchmarkPack packs the tree that BENCH_TREE names, step by step. Compare
// with `tar c TREE | pigz`.
func BenchmarkPack(b *testing.B) {
	root := os.Getenv("BENCH_TREE")
	if root == "" {
		b.Skip("BENCH_TREE is not set")
	}
	for b.Loop() {
		start := time.Now()
		a, err := Scan(root, Rules{})
		if err != nil {
			b.Fatal(err)
		}
		a.Manifest = testManifest()
		b.ReportMetric(time.Since(start).Seconds(), "s-scan")
		start = time.Now()
		o := testOrigin(root)
		o.Forbidden = []string{"/home/builder/private", "/var/tmp/private-tmp-dir"}
		if _, err := Relocate(a, o); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(time.Since(start).Seconds(), "s-relocate")
		for _, f := range []string{FormatTarGz, FormatTarZst, FormatZip} {
			start = time.Now()
			d, err := Write(context.Background(), io.Discard, a, f, time.Unix(DefaultEpoch, 0), nil)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(time.Since(start).Seconds(), "s-"+f)
			b.ReportMetric(float64(d.Size>>20), "MB-"+f)
		}
	}
}
