package releasetest

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

// From npm's @octokit/openapi 23.0.2 by reduce.go.
//
//go:embed testdata/github-openapi.json
var description []byte

// Guard gives a Server.Wrap that checks each request to the API and each answer
// against GitHub's description, and calls report with what is wrong.
func Guard(report func(error)) (func(http.Handler) http.Handler, error) {
	doc, err := openapi3.NewLoader().LoadFromData(description)
	if err != nil {
		return nil, fmt.Errorf("loading GitHub's OpenAPI description: %w", err)
	}
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		return nil, fmt.Errorf("loading GitHub's OpenAPI description: %w", err)
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !strings.Contains(r.URL.Path, "/repos/") {
				next.ServeHTTP(w, r)
				return
			}
			guarded(w, r, next, router, report)
		})
	}, nil
}

func guarded(w http.ResponseWriter, r *http.Request, next http.Handler, router routers.Router, report func(error)) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		next.ServeHTTP(w, r)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	in, err := checkRequest(r, body, router)
	if err != nil {
		report(fmt.Errorf("%s %s: %w", r.Method, r.URL, err))
	}
	rec := httptest.NewRecorder()
	next.ServeHTTP(rec, r)
	if in != nil {
		if err := checkAnswer(in, rec); err != nil {
			report(fmt.Errorf("answer %d to %s %s: %w", rec.Code, r.Method, r.URL, err))
		}
	}
	for k, v := range rec.Header() {
		w.Header()[k] = v
	}
	w.WriteHeader(rec.Code)
	w.Write(rec.Body.Bytes())
}

var options = &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc}

func checkRequest(r *http.Request, body []byte, router routers.Router) (*openapi3filter.RequestValidationInput, error) {
	c := r.Clone(context.Background())
	c.URL.Path = c.URL.Path[strings.Index(c.URL.Path, "/repos/"):]
	c.URL.RawPath = ""
	// A tag with a slash is one path parameter.
	if head, tag, ok := strings.Cut(c.URL.Path, "/releases/tags/"); ok {
		c.URL.Path = head + "/releases/tags/" + strings.ReplaceAll(tag, "/", "%2F")
	}
	route, params, err := router.FindRoute(c)
	if err != nil {
		return nil, err
	}
	in := &openapi3filter.RequestValidationInput{Request: c, PathParams: params, Route: route, Options: options}
	if strings.HasSuffix(route.Path, "/assets") && r.Method == http.MethodPost {
		// The description knows application/octet-stream alone; GitHub takes any type.
		c.Header.Set("Content-Type", "application/octet-stream")
		if len(body) == 0 {
			return in, fmt.Errorf("an empty upload")
		}
	}
	c.Body = io.NopCloser(bytes.NewReader(body))
	return in, openapi3filter.ValidateRequest(context.Background(), in)
}

func checkAnswer(in *openapi3filter.RequestValidationInput, rec *httptest.ResponseRecorder) error {
	// The description's list of states lacks "starter", of which its text speaks.
	body := bytes.ReplaceAll(rec.Body.Bytes(), []byte(`"state":"starter"`), []byte(`"state":"open"`))
	return openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in, Status: rec.Code, Header: rec.Header(), Body: io.NopCloser(bytes.NewReader(body)), Options: options,
	})
}
