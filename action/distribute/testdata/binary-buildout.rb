# Written by action/distribute, from the digests in action/binaries.json.
class BinaryBuildout < Formula
  desc "Packs zc.buildout applications into relocatable archives"
  homepage "https://github.com/binary-buildout/binary-buildout"
  version "1.2.3"
  license "MIT"

  on_macos do
    on_intel do
      url "https://github.com/binary-buildout/binary-buildout/releases/download/v1.2.3/binary-buildout-darwin-amd64"
      sha256 "70302971ffd9c7b97ec544ade334dd01540216c3902aca2d9406fa07fc9c9dfe"
    end
    on_arm do
      url "https://github.com/binary-buildout/binary-buildout/releases/download/v1.2.3/binary-buildout-darwin-arm64"
      sha256 "ef532c2689f3dcdc2ef0c46aaa653d443d79c69938e8a321827659bf380a7e2e"
    end
  end

  on_linux do
    on_intel do
      url "https://github.com/binary-buildout/binary-buildout/releases/download/v1.2.3/binary-buildout-linux-amd64"
      sha256 "2a1d1106d48d86622620d2107c9acc13a4d733b35312e21a7326998bf1a3fc23"
    end
    on_arm do
      url "https://github.com/binary-buildout/binary-buildout/releases/download/v1.2.3/binary-buildout-linux-arm64"
      sha256 "5e3407aecd1a11ea165d23fa1e6c67a00091d169a33248b8b0a82aeba78ac383"
    end
  end

  def install
    bin.install Dir["binary-buildout-*"].first => "binary-buildout"
    generate_completions_from_executable(bin/"binary-buildout", "completion")
    system bin/"binary-buildout", "man", "--out", man1
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/binary-buildout --version")
  end
end
