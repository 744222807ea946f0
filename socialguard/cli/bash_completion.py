"""Completion in bash, where `:` and `@` end words: `x:@acme` would reach us in pieces and complete to nothing.

So our code for bash hands over the line as it was typed, up to the cursor, and keeps of each answer only what bash
puts behind the last of those signs. Imported while a word is completed, and by nothing else."""

import os

from click.shell_completion import BashComplete, add_completion_class, split_arg_string


@add_completion_class
class WholeWords(BashComplete):
    """Bash, with words as a person sees them."""

    # $2 is the piece that bash replaces, `cut` what it keeps of the word before it.
    source_template = """\
%(complete_func)s() {
    local IFS=$'\\n' line="${COMP_LINE:0:COMP_POINT}" response completion type value
    local word="${line##*[[:space:]]}"
    local cut="${word%%"$2"}"
    [[ $word == --*=* ]] && cut="${cut#*=}"

    response=$(env COMP_WORDS="$line" COMP_CWORD="$word" %(complete_var)s=bash_complete "$1")
    COMPREPLY=()
    for completion in $response; do
        IFS=',' read type value <<< "$completion"
        if [[ $type == 'dir' ]]; then
            compopt -o dirnames
        elif [[ $type == 'file' ]]; then
            compopt -o default
        elif [[ $type == 'plain' ]]; then
            COMPREPLY+=("${value#"$cut"}")
        fi
    done
    return 0
}

complete -o nosort -F %(complete_func)s %(prog_name)s
"""

    def get_completion_args(self) -> tuple[list[str], str]:
        """Return the words before the one that is typed, and that one."""
        words = split_arg_string(os.environ["COMP_WORDS"])[1:]
        typed = (split_arg_string(os.environ["COMP_CWORD"]) or [""])[0]
        if typed and words and words[-1] == typed:
            words.pop()
        return words, typed
