//go:build ignore

// Reduce makes testdata/github-openapi.json from GitHub's OpenAPI description:
//
//	npm pack @octokit/openapi@23.0.2 && tar xzf octokit-openapi-23.0.2.tgz
//	go run reduce.go package/generated/api.github.com.json >testdata/github-openapi.json
//
// What stays are the paths of releases, and the components that they refer to,
// without texts and examples. The upload's own server is dropped, since here
// the API and the uploads are one server.
package main

import (
	"encoding/json"
	"log"
	"os"
	"strings"
)

var paths = []string{
	"/repos/{owner}/{repo}/releases", "/repos/{owner}/{repo}/releases/{release_id}", "/repos/{owner}/{repo}/releases/{release_id}/assets",
	"/repos/{owner}/{repo}/releases/assets/{asset_id}", "/repos/{owner}/{repo}/releases/latest", "/repos/{owner}/{repo}/releases/tags/{tag}",
	"/repos/{owner}/{repo}/attestations/{subject_digest}", "/repos/{owner}/{repo}/immutable-releases", "/rate_limit",
}

type object = map[string]any

func main() {
	data, err := os.ReadFile(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	var doc object
	if err := json.Unmarshal(data, &doc); err != nil {
		log.Fatal(err)
	}
	out := object{"openapi": doc["openapi"], "info": doc["info"], "components": object{}}
	kept := object{}
	for _, p := range paths {
		kept[p] = clean(doc["paths"].(object)[p], false)
	}
	out["paths"] = kept
	follow(doc, out, kept)
	info := out["info"].(object)
	delete(info, "termsOfService")
	if err := json.NewEncoder(os.Stdout).Encode(out); err != nil {
		log.Fatal(err)
	}
}

// clean drops texts and examples; names are kept whatever they are, below "properties".
func clean(v any, names bool) any {
	switch v := v.(type) {
	case object:
		out := object{}
		for k, x := range v {
			drop := k == "description" || k == "example" || k == "examples" || k == "externalDocs" || k == "servers" || k == "summary" || strings.HasPrefix(k, "x-")
			if names || !drop {
				out[k] = clean(x, !names && (k == "properties" || k == "schemas"))
			}
		}
		if _, ok := v["content"]; ok && !names {
			out["description"] = ""
		}
		return out
	case []any:
		out := []any{}
		for _, x := range v {
			out = append(out, clean(x, false))
		}
		return out
	}
	return v
}

// follow copies what is referred to, and what that refers to.
func follow(doc, out object, v any) {
	switch v := v.(type) {
	case object:
		if ref, ok := v["$ref"].(string); ok {
			p := strings.Split(strings.TrimPrefix(ref, "#/components/"), "/")
			group, _ := out["components"].(object)[p[0]].(object)
			if group == nil {
				group = object{}
				out["components"].(object)[p[0]] = group
			}
			if _, ok := group[p[1]]; !ok {
				x := clean(doc["components"].(object)[p[0]].(object)[p[1]], false)
				if p[0] == "responses" {
					x.(object)["description"] = ""
				}
				group[p[1]] = x
				follow(doc, out, x)
			}
		}
		for _, x := range v {
			follow(doc, out, x)
		}
	case []any:
		for _, x := range v {
			follow(doc, out, x)
		}
	}
}
