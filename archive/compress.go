package archive

import (
	"io"
	"runtime"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/klauspost/pgzip"
)

const (
	gzipLevel  = 6
	deltaLevel = 8
	gzipBlock  = 1 << 20
	zstdBlock  = 4 << 20
	// Cores beyond these would cost more memory than the limit allows: a
	// block of zstd takes about 16 MiB with its tables.
	maxGzipBlocks = 24
	maxZstdBlocks = 6
)

// newGzip compresses blocks of one size on all cores. Each has the end of the
// one before as its dictionary, so the result doesn't depend on their number.
func newGzip(w io.Writer, level int) (io.WriteCloser, error) {
	z, err := pgzip.NewWriterLevel(w, level)
	if err != nil {
		return nil, err
	}
	z.ModTime = time.Unix(0, 0)
	return z, z.SetConcurrency(gzipBlock, min(runtime.GOMAXPROCS(0)+1, maxGzipBlocks))
}

// newZstd compresses blocks of one size on all cores, each a frame of its own
// (RFC 8878, 3: frames can be concatenated).
func newZstd(w io.Writer) (io.WriteCloser, error) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(min(runtime.GOMAXPROCS(0), maxZstdBlocks)),
		zstd.WithEncoderLevel(zstd.SpeedDefault), zstd.WithWindowSize(zstdBlock), zstd.WithEncoderCRC(true))
	if err != nil {
		return nil, err
	}
	b := &blockWriter{w: w, size: zstdBlock, compress: func(dst, src []byte) []byte { return enc.EncodeAll(src, dst) }}
	b.queue = make(chan *block, min(runtime.GOMAXPROCS(0), maxZstdBlocks))
	b.buf = make([]byte, 0, zstdBlock)
	b.done.Go(b.drain)
	return b, nil
}

// blockWriter compresses blocks of one size independently of each other, and writes them in order.
type blockWriter struct {
	w        io.Writer
	size     int
	compress func(dst, src []byte) []byte
	buf      []byte
	queue    chan *block
	done     sync.WaitGroup
	pool     sync.Pool

	mu  sync.Mutex
	err error
}

type block struct {
	src, out []byte
	ready    chan struct{}
}

func (b *blockWriter) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		if err := b.failed(); err != nil {
			return n - len(p), err
		}
		k := min(len(p), b.size-len(b.buf))
		b.buf = append(b.buf, p[:k]...)
		p = p[k:]
		if len(b.buf) == b.size {
			b.flush()
		}
	}
	return n, nil
}

func (b *blockWriter) flush() {
	k, _ := b.pool.Get().(*block)
	if k == nil {
		k = &block{src: make([]byte, 0, b.size)}
	}
	k.src, b.buf = b.buf, k.src[:0]
	k.ready = make(chan struct{})
	b.queue <- k // waits while as many blocks as there are cores are under way
	go func() {
		k.out = b.compress(k.out[:0], k.src)
		close(k.ready)
	}()
}

// drain writes finished blocks in their order.
func (b *blockWriter) drain() {
	for k := range b.queue {
		<-k.ready
		if b.failed() == nil {
			if _, err := b.w.Write(k.out); err != nil {
				b.mu.Lock()
				b.err = err
				b.mu.Unlock()
			}
		}
		b.pool.Put(k)
	}
}

func (b *blockWriter) failed() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.err
}

// Close compresses what is left.
func (b *blockWriter) Close() error {
	if len(b.buf) > 0 {
		b.flush()
	}
	close(b.queue)
	b.done.Wait()
	return b.failed()
}
