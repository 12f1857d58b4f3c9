internal import ArgumentParser

/// `completions bash`: the script that teaches a shell our commands and flags.
struct CompletionsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "completions",
        abstract: "Print a completion script for bash, zsh or fish.",
        discussion: """
            bash:  clearml-sync completions bash > ~/.local/share/bash-completion/completions/clearml-sync
            zsh:   clearml-sync completions zsh > ~/.zsh/completions/_clearml-sync   (a folder of your fpath)
            fish:  clearml-sync completions fish > ~/.config/fish/completions/clearml-sync.fish
            """)

    @Argument(help: "The shell: bash, zsh or fish.", completion: .list(["bash", "zsh", "fish"]))
    var shell: Shell

    enum Shell: String, ExpressibleByArgument, CaseIterable {
        case bash, zsh, fish
    }

    func run() {
        let script =
            switch shell {
            case .bash: ClearMLSync.completionScript(for: .bash)
            case .zsh: ClearMLSync.completionScript(for: .zsh)
            case .fish: ClearMLSync.completionScript(for: .fish)
            }
        Console.result(script)
    }
}
