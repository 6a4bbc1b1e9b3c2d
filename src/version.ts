/** The program's version: read from package.json, of which the bundles keep this one string. */
import manifest from '../package.json' with { type: 'json' };

/** Version of this package, as semantic versioning spells it. */
export const VERSION: string = manifest.version;
