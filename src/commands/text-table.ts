/** Rows below each other: each column as wide as its widest cell, two blanks between columns, no trailing blanks. */
export function aligned(rows: readonly (readonly string[])[], indent = ""): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, cell.length);
  }
  return rows.map((row) => {
    const cells = row.map((cell, column) => cell.padEnd(widths[column] ?? 0));
    return `${indent}${cells.join("  ")}`.trimEnd();
  });
}

/** A number with its noun: `1 task`, `2 tasks`, `4,980 tasks`. */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${String(count).replace(/\B(?=(\d{3})+$)/g, ",")} ${count === 1 ? noun : plural}`;
}

/** The last part of an ARN: an id. */
export function idOf(arn: string): string {
  return arn.slice(arn.lastIndexOf("/") + 1);
}

/** How people name a container instance: by its EC2 id if it has one, otherwise by its own. */
export function instanceName(instance: {
  readonly containerInstanceArn?: string;
  readonly ec2InstanceId?: string;
}): string {
  return instance.ec2InstanceId || idOf(instance.containerInstanceArn ?? "");
}
