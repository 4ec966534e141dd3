"""Search for the boundaries of one request."""

from symbreak import files, intact

with (
    files.job_log(snakemake.log[0], "boundary", snakemake.params.code),
    intact.checked(snakemake.input, snakemake.output),
):
    from symbreak import boundary, data
    from symbreak.refining import Request
    from symbreak.settings import data_from

    request, run = Request.from_record(snakemake.params.request), snakemake.params.run
    rows = data.load_for(data_from(snakemake.params.data), snakemake.input.data)
    found = boundary.tables(request, run, rows, snakemake.params.redundancy)
    for name, table in found.items():
        files.write_text(snakemake.output[name], table.to_csv(index=False, lineterminator="\n"))
