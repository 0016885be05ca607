package release

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/fault"
	"github.com/google/go-github/v57/github"
)

func byID(all []Release) []Release {
	slices.SortFunc(all, func(a, b Release) int { return int(min(max(a.ID-b.ID, -1), 1)) })
	return all
}

// status is the answer's code, or 0.
func status(err error) int {
	if r := response(err); r != nil {
		return r.StatusCode
	}
	return 0
}

// already says whether the answer is GitHub's 422 "already_exists".
func already(err error) bool {
	var e *github.ErrorResponse
	return errors.As(err, &e) && e.Response.StatusCode == http.StatusUnprocessableEntity &&
		slices.ContainsFunc(e.Errors, func(x github.Error) bool { return x.Code == "already_exists" })
}

const (
	hintToken  = "the token is wrong or has expired: a GITHUB_TOKEN ends with its job, and after 24 hours"
	hintAccess = "either there is no such repository, or the token may not see it: a token for a private repository needs contents: write"
	hintLater  = "run the job again: it resumes where this one stopped"
)

// explain adds what was being done, and what a person can do about it. nil
// stays nil, and what is already explained stays as it is.
func (c *Client) explain(doing string, err error) error {
	var done *fault.Error
	if err == nil || errors.As(err, &done) {
		return err
	}
	hint := hintLater
	message := strings.ToLower(err.Error())
	switch code := status(err); {
	case code == http.StatusUnauthorized:
		hint = hintToken
	case code == http.StatusForbidden && judge(err, c.policy.Now()).retry:
		hint = "GitHub's limit on requests is reached; " + hintLater
	case code == http.StatusForbidden && strings.Contains(message, "immutable"):
		hint = hintImmutable
	case code == http.StatusForbidden:
		hint = c.rights()
	case code == http.StatusNotFound:
		hint = hintAccess
	case code == http.StatusUnprocessableEntity && strings.Contains(message, "immutable"):
		hint = hintImmutable
	case code == http.StatusUnprocessableEntity:
		hint = ""
	}
	return fault.Surroundings(fmt.Errorf("%s in %s: %w", doing, c.repo, err), hint)
}

// rights says which right is missing, and where it is given.
func (c *Client) rights() string {
	where := "in its workflow"
	if c.job != "" {
		where = c.job
	}
	return "the token may not write releases: the job needs, " + where + ":\n    permissions:\n      contents: write"
}

const hintImmutable = "an immutable release can't be changed after it was published: make a new one, with another tag"
