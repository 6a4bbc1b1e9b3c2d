/**
 * Commands that make GitHub's runner hide values in its log. The runner reads them on stdout and stderr alike and takes
 * stderr first, so they go there: stdout stays the command's own.
 *
 * Source: "Workflow commands for GitHub Actions"; `ActionCommand.cs` and `ProcessInvoker.cs` of actions/runner.
 */

/**
 * One `::add-mask::` line for each value, and for each line of a value, since logs come in lines. Blank ones are left
 * out: the runner warns of them.
 */
export function maskCommands(values: Iterable<string>): string {
  const hidden = new Set(
    [...values].flatMap((value) => [value, ...value.split(/[\r\n]+/).map((line) => line.trim())]),
  );
  return [...hidden]
    .filter((text) => text.trim() !== '')
    .map((text) => `::add-mask::${escapeData(text)}\n`)
    .join('');
}

function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}
