package archive

import (
	"archive/zip"
	"bytes"
	"hash/crc32"
	"io"
	"runtime"
	"sync"
	"time"

	"github.com/klauspost/compress/flate"
)

// zipParallel is the largest file that is compressed in memory, beside others.
const zipParallel = 1 << 20

// zipEncoder writes a zip file. Small files are compressed on all cores, and
// written in order; a large one is compressed as it is written.
type zipEncoder struct {
	z     *zip.Writer
	epoch time.Time
	queue chan *zipJob
	slots chan struct{}
	done  sync.WaitGroup
	pool  sync.Pool
	copy  []byte

	mu  sync.Mutex
	err error
}

// zipJob is one entry; data is its content if it is small.
type zipJob struct {
	head     zip.FileHeader
	f        *File
	data     []byte
	progress func(int64)
	ready    chan struct{}
}

func newZip(w io.Writer, epoch time.Time) *zipEncoder {
	n := min(runtime.GOMAXPROCS(0), 8)
	e := &zipEncoder{z: zip.NewWriter(w), epoch: epoch, queue: make(chan *zipJob, 8*n), slots: make(chan struct{}, n), copy: make([]byte, 256<<10)}
	e.z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, gzipLevel) })
	e.done.Go(e.drain)
	return e
}

func (e *zipEncoder) add(name string, f *File, progress func(int64)) error {
	if err := e.failed(); err != nil {
		return err
	}
	j := &zipJob{f: f, progress: progress, ready: make(chan struct{})}
	j.head = zip.FileHeader{Name: name, Method: zip.Store, Modified: e.epoch}
	j.head.SetMode(f.fileMode())
	switch {
	case f.Type == TypeDir:
		j.head.Name += "/"
		close(j.ready)
	case f.Type == TypeLink:
		j.data = []byte(f.Link)
		j.sum(j.data)
		close(j.ready)
	case f.Size > zipParallel:
		j.head.Method = zip.Deflate
		close(j.ready)
	default:
		e.slots <- struct{}{}
		go func() {
			defer func() { <-e.slots; close(j.ready) }()
			if err := e.deflate(j); err != nil {
				e.fail(err)
			}
		}()
	}
	e.queue <- j
	return nil
}

func (j *zipJob) sum(data []byte) {
	j.head.CRC32 = crc32.ChecksumIEEE(data)
	j.head.UncompressedSize64 = uint64(len(data))
	j.head.CompressedSize64 = uint64(len(j.data))
}

// deflate reads and compresses a small file. What doesn't become smaller is stored.
func (e *zipEncoder) deflate(j *zipJob) error {
	raw := bytes.NewBuffer(make([]byte, 0, j.f.Size))
	if err := copyContent(raw, j.f, make([]byte, 32<<10), func(int64) {}); err != nil {
		return err
	}
	var out bytes.Buffer
	z, _ := e.pool.Get().(*flate.Writer)
	if z == nil {
		var err error
		if z, err = flate.NewWriter(&out, gzipLevel); err != nil {
			return err
		}
	}
	z.Reset(&out)
	if _, err := z.Write(raw.Bytes()); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	e.pool.Put(z)
	j.data = raw.Bytes()
	if out.Len() < raw.Len() {
		j.data, j.head.Method = out.Bytes(), zip.Deflate
	}
	j.sum(raw.Bytes())
	return nil
}

// drain writes entries in their order.
func (e *zipEncoder) drain() {
	for j := range e.queue {
		<-j.ready
		if e.failed() != nil {
			continue
		}
		if err := e.write(j); err != nil {
			e.fail(err)
		}
	}
}

func (e *zipEncoder) write(j *zipJob) error {
	if j.f.Type == TypeFile && j.f.Size > zipParallel {
		w, err := e.z.CreateHeader(&j.head)
		if err != nil {
			return err
		}
		return copyContent(w, j.f, e.copy, j.progress)
	}
	if j.f.Type == TypeDir {
		_, err := e.z.CreateHeader(&j.head)
		return err
	}
	rawTime(&j.head)
	w, err := e.z.CreateRaw(&j.head)
	if err != nil {
		return err
	}
	if _, err = w.Write(j.data); err == nil && j.f.Type == TypeFile {
		j.progress(j.f.Size)
	}
	j.data = nil
	return err
}

func (e *zipEncoder) fail(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.err == nil {
		e.err = err
	}
}

func (e *zipEncoder) failed() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.err
}

// Close writes what is queued, and the directory of the zip file.
func (e *zipEncoder) Close() error {
	close(e.queue)
	e.done.Wait()
	if err := e.failed(); err != nil {
		return err
	}
	return e.z.Close()
}

// rawTime fills in what CreateRaw, unlike CreateHeader, leaves to the caller:
// the time in MS-DOS's form and as an extended timestamp, and the flag for a
// name in UTF-8.
func rawTime(h *zip.FileHeader) {
	t := h.Modified
	//lint:ignore SA1019 CreateRaw writes these as they are
	h.ModifiedDate = uint16(t.Day() + int(t.Month())<<5 + (t.Year()-1980)<<9)
	//lint:ignore SA1019 CreateRaw writes these as they are
	h.ModifiedTime = uint16(t.Second()/2 + t.Minute()<<5 + t.Hour()<<11)
	s := uint32(t.Unix())
	h.Extra = append(h.Extra, 0x55, 0x54, 5, 0, 1, byte(s), byte(s>>8), byte(s>>16), byte(s>>24))
	for i := range len(h.Name) {
		if h.Name[i] >= 0x80 {
			h.Flags |= 0x800
		}
	}
	h.CreatorVersion = h.CreatorVersion&0xff00 | 20
	h.ReaderVersion = 20
}
