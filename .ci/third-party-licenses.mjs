/**
 * The licences of everything the bundles contain, as their terms ask for: one section for each package, with the
 * text it ships or, where it only declares a licence, the declaration and the standard text.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const STANDARD_TEXTS = {
  MIT: new URL('license-texts/MIT.txt', import.meta.url),
  ISC: new URL('license-texts/ISC.txt', import.meta.url),
};
const RULE = '='.repeat(80);

/**
 * @param {Iterable<string>} files absolute paths of all bundled modules, ours included
 * @returns {string} the text to ship
 * @throws when a bundled package has no licence that can be shipped
 */
export function thirdPartyLicenses(files) {
  const folders = new Set([...files].map(packageFolder).filter((folder) => folder !== undefined));
  const sections = new Set([...folders].map(section));
  const preface = 'This program contains the following packages. Each is followed by its licence.\n';
  return [preface, ...[...sections].sort()].join(`\n${RULE}\n`);
}

/** The innermost package folder below `node_modules` that holds a file. */
function packageFolder(file) {
  const marker = `${path.sep}node_modules${path.sep}`;
  const start = file.lastIndexOf(marker);
  if (start < 0) return undefined;
  const names = file.slice(start + marker.length).split(path.sep);
  return path.join(file.slice(0, start + marker.length), ...names.slice(0, names[0].startsWith('@') ? 2 : 1));
}

function section(folder) {
  const { name, version, license, author, homepage, repository } = JSON.parse(
    readFileSync(path.join(folder, 'package.json'), 'utf8'),
  );
  const text = shippedText(folder) ?? standardText(license, author);
  if (text === undefined) throw new Error(`bundled package "${name}" has no licence text: ${folder}`);
  const source = homepage ?? repository?.url ?? repository;
  const heading = [`${name} ${version}`, license && `Licence: ${license}`, source && `Source: ${source}`];
  return `${heading.filter(Boolean).join('\n')}\n\n${text.trim()}\n`;
}

/** The licence file of a package, else the licence section of its readme when that holds more than a name. */
function shippedText(folder) {
  const names = readdirSync(folder).sort();
  const files = names.filter((name) => /^(licen[cs]e|copying|notice)/i.test(name));
  if (files.length > 0) return files.map((name) => readFileSync(path.join(folder, name), 'utf8')).join('\n');
  const readme = names.find((name) => /^readme/i.test(name));
  if (readme === undefined) return undefined;
  const [, text] = /^#* *licen[cs]e *\n([^]*)/im.exec(readFileSync(path.join(folder, readme), 'utf8')) ?? [];
  return text !== undefined && text.includes('WITHOUT WARRANTY') ? text.replace(/^-+\n/, '') : undefined;
}

function standardText(license, author) {
  const id = license?.replace(/^(The )?Apache License,? (Version )?2\.0$/i, 'Apache-2.0');
  const holder = (typeof author === 'string' ? author : author?.name) || 'the authors';
  const note = `Copyright (c) ${holder}. The package declares this licence without shipping its text, which is`;
  if (id === 'Apache-2.0') return `${note} that of the file LICENSE beside the package.json of this program.`;
  return Object.hasOwn(STANDARD_TEXTS, id ?? '')
    ? `${note}:\n\n${readFileSync(STANDARD_TEXTS[id], 'utf8')}`
    : undefined;
}
