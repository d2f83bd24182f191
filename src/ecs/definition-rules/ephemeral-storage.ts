/** Calls `refuse` for an ephemeral storage size that Fargate doesn't offer. AWS: 20 GiB are always included; users report the texts. */
export function checkStorageSize(sizeInGiB: number | undefined, refuse: (message: string) => never): void {
  if (sizeInGiB === undefined || !Number.isInteger(sizeInGiB) || sizeInGiB < 21) {
    refuse("EphemeralStorage size should be at least 21");
  }
  if (sizeInGiB > 200) refuse("EphemeralStorage size should be at most 200");
}
