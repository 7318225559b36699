// Keeps the map of architecture.json: layers, circles, vendors, doors, sizes, and what only `base/system` and `cli` may touch.
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const table = JSON.parse(readFileSync(join(root, "architecture.json"), "utf8")) as {
  packages: Record<string, readonly string[]>;
  vendors: Record<string, readonly string[]>;
  /** Files that may import each other in a circle, and why they must. */
  circles: readonly { readonly files: readonly string[]; readonly reason: string }[];
};

interface SourceFile {
  readonly path: string;
  readonly package: string;
  readonly text: string;
  readonly isTest: boolean;
  readonly imports: readonly string[];
}

const packages = Object.keys(table.packages);
const files: readonly SourceFile[] = packages.flatMap((name) =>
  sources(join(root, "packages", name, "src"), name),
);

function sources(folder: string, name: string): SourceFile[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const full = join(folder, entry.name);
    if (entry.isDirectory()) return sources(full, name);
    if (!entry.name.endsWith(".ts")) return [];
    const text = readFileSync(full, "utf8");
    const isTest = entry.name.endsWith(".test.ts") || relative(root, full).includes("/src/testing/");
    return [{ path: relative(root, full), package: name, text, isTest, imports: importsOf(text) }];
  });
}

function importsOf(text: string): string[] {
  const found = text.matchAll(
    /(?:^|\n)\s*(?:import|export)\b[^;"'`]*?from\s*"([^"]+)"|\bimport\(\s*"([^"]+)"\s*\)|(?:^|\n)\s*import\s+"([^"]+)"/g,
  );
  return [...found].map((match) => match[1] ?? match[2] ?? match[3] ?? "");
}

const vendorOf = (specifier: string): string =>
  specifier.startsWith("@") ? specifier.split("/").slice(0, 2).join("/") : (specifier.split("/")[0] ?? "");

const offenders = (test: (file: SourceFile) => readonly string[]): string[] =>
  files.flatMap((file) => test(file).map((what) => `${file.path}: ${what}`));

describe("layers", () => {
  test("a package depends only on packages below it", () => {
    const order = packages;
    for (const [name, below] of Object.entries(table.packages))
      for (const dependency of below)
        expect(order.indexOf(dependency), `${name} → ${dependency}`).toBeLessThan(order.indexOf(name));
  });

  test("package.json names exactly the dependencies of the table", () => {
    for (const name of packages) {
      const manifest = JSON.parse(readFileSync(join(root, "packages", name, "package.json"), "utf8"));
      const ours = Object.keys(manifest.dependencies ?? {}).filter((d) => d.startsWith("@sluice/"));
      for (const dependency of ours)
        expect(table.packages[name], `packages/${name}`).toContain(dependency.slice("@sluice/".length));
    }
  });

  test("imports go down, and only through a package's door", () => {
    expect(
      offenders((file) =>
        file.imports
          .filter((specifier) => specifier.startsWith("@sluice/"))
          .filter((specifier) => {
            const [, name = "", door] = specifier.split("/");
            const down = table.packages[file.package]?.includes(name) === true || name === file.package;
            const open =
              door === undefined ||
              (door === "testing" && file.isTest) ||
              (door === "system" && (file.isTest || file.package === "cli"));
            return !down || !open;
          }),
      ),
    ).toEqual([]);
  });

  test("no relative import leaves its package", () => {
    expect(
      offenders((file) =>
        file.imports.filter((specifier) => {
          if (!specifier.startsWith(".")) return false;
          const target = relative(root, resolve(root, dirname(file.path), specifier));
          return !target.startsWith(`packages/${file.package}/src/`);
        }),
      ),
    ).toEqual([]);
  });
});

describe("import circles", () => {
  const graph = new Map(
    files.map((file) => [
      file.path,
      file.imports
        .filter((specifier) => specifier.startsWith("."))
        .map((specifier) => relative(root, resolve(root, dirname(file.path), specifier))),
    ]),
  );

  /** What a file imports, directly or not; itself only when it is in a circle. */
  const reached = new Map([...graph.keys()].map((path) => [path, reachedFrom(path)]));

  function reachedFrom(path: string): ReadonlySet<string> {
    const seen = new Set<string>();
    const next = [path];
    for (let at = next.pop(); at !== undefined; at = next.pop())
      for (const target of graph.get(at) ?? [])
        if (!seen.has(target)) {
          seen.add(target);
          next.push(target);
        }
    return seen;
  }

  /** The sets of files of which each reaches each. */
  function circles(): readonly (readonly string[])[] {
    const found = new Map<string, readonly string[]>();
    for (const [path, targets] of reached) {
      if (!targets.has(path)) continue;
      const members = [...targets].filter((target) => reached.get(target)?.has(path) === true).sort();
      found.set(members.join(), members);
    }
    return [...found.values()];
  }

  test("there are none between files, types included, but those that the table names with a reason", () => {
    const isAllowed = (circle: readonly string[]) =>
      table.circles.some(({ files: named }) => circle.every((path) => named.includes(path)));
    expect(circles().filter((circle) => !isAllowed(circle))).toEqual([]);
  });

  test("the table names only circles that are there", () => {
    const there = new Set(circles().flat());
    expect(table.circles.flatMap((circle) => circle.files).filter((path) => !there.has(path))).toEqual([]);
    expect(table.circles.filter(({ reason }) => reason === "")).toEqual([]);
  });
});

describe("vendors", () => {
  test("stay in the packages that the table names", () => {
    expect(
      offenders((file) =>
        file.imports.filter((specifier) => {
          if (specifier.startsWith(".") || specifier.startsWith("node:") || specifier.startsWith("@sluice/"))
            return false;
          const vendor = vendorOf(specifier);
          if (file.isTest && ["vitest", "fast-check"].includes(vendor)) return false;
          return table.vendors[vendor]?.includes(file.package) !== true;
        }),
      ),
    ).toEqual([]);
  });
});

describe("time, chance, environment and console", () => {
  const banned: readonly (readonly [RegExp, string])[] = [
    [/\bDate\.now\(/, "Date.now"],
    [/\bnew Date\(\)/, "new Date()"],
    [/\bMath\.random\(/, "Math.random"],
    [/\brandomUUID\(/, "randomUUID"],
    [/\bsetTimeout\(/, "setTimeout"],
    [/\bsetInterval\(/, "setInterval"],
    [/\bprocess\.env\b/, "process.env"],
    [/\bconsole\./, "console"],
    [/\beval\(|\bnew Function\(|from "node:vm"/, "eval, Function or vm"],
  ];

  test("are touched only in base/src/system and cli", () => {
    expect(
      offenders((file) => {
        if (file.isTest || file.package === "cli" || file.path.startsWith("packages/base/src/system/"))
          return [];
        const code = file.text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/\/\/.*$/gm, "");
        return banned.filter(([pattern]) => pattern.test(code)).map(([, what]) => what);
      }),
    ).toEqual([]);
  });
});

describe("sizes", () => {
  test("no file is over 450 lines (tests 500)", () => {
    expect(
      offenders((file) => {
        if (file.path.endsWith(".gen.ts")) return [];
        const lines = file.text.split("\n").length;
        return lines > (file.isTest ? 500 : 450) ? [`${lines} lines`] : [];
      }),
    ).toEqual([]);
  });

  test("no folder has more than 12 source files", () => {
    const folders = new Map<string, number>();
    for (const file of files)
      if (!file.path.endsWith(".test.ts"))
        folders.set(dirname(file.path), (folders.get(dirname(file.path)) ?? 0) + 1);
    // The ground package is flat on purpose: one small file a notion.
    folders.delete("packages/base/src");
    expect([...folders].filter(([, count]) => count > 12)).toEqual([]);
  });
});

describe("what is generated and written", () => {
  test("generated files are fresh", () => {
    const output = execFileSync(process.execPath, [join(root, "scripts", "gen", "registry.mjs"), "--check"], {
      encoding: "utf8",
    });
    expect(output).not.toContain("stale");
  });

  test("each package has a README", () => {
    expect(packages.filter((name) => !existsSync(join(root, "packages", name, "README.md")))).toEqual([]);
  });

  test("each error code is documented in docs/errors.md", () => {
    const documented = readFileSync(join(root, "docs", "errors.md"), "utf8");
    const codes = files
      .filter((file) => !file.isTest)
      .flatMap((file) => [...file.text.matchAll(/defineErrors\("([A-Z0-9_]+)",\s*\{([\s\S]*?)\n\}\)/g)])
      .flatMap(([, prefix, rows = ""]) =>
        [...rows.matchAll(/^ {2}([A-Z][A-Z0-9_]*):/gm)].map(([, key]) => `${prefix}_${key}`),
      );
    expect(codes.length).toBeGreaterThan(20);
    expect(codes.filter((code) => !documented.includes(`\`${code}\``))).toEqual([]);
  });
});
