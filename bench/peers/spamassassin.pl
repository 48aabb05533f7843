# The Bayes plugin of SpamAssassin over mails. Standard input: lines "spam PATH" and "ham PATH", then lines "judge PATH".
# Prints a line for each that is judged: the unrounded probability, or "none". Argument: a folder for the database.
use strict;
use warnings;
use Mail::SpamAssassin;

my ($folder) = @ARGV;
my $spamassassin = Mail::SpamAssassin->new({
    local_tests_only => 1,
    dont_copy_prefs  => 1,
    userstate_dir    => $folder,
    # As a text: no file of the machine's configuration is read. Bayes wants 200 messages of each class by default.
    config_text => <<"END",
loadplugin Mail::SpamAssassin::Plugin::Check
loadplugin Mail::SpamAssassin::Plugin::Bayes
util_rb_tld com net org
dns_available no
normalize_charset 1
bayes_path $folder/bayes
bayes_min_spam_num 1
bayes_min_ham_num 1
bayes_auto_learn 0
bayes_auto_expire 0
bayes_learn_to_journal 0
body BAYES eval:check_bayes('0', '1')
tflags BAYES learn
END
});
$spamassassin->init(1);
$spamassassin->init_learner({ caller_will_untie => 1 });

while (my $line = <STDIN>) {
    chomp $line;
    my ($verb, $path) = split / /, $line, 2;
    open(my $file, '<:raw', $path) or die "$path: $!\n";
    my $mail = $spamassassin->parse($file, 1);
    close $file;
    my $status;
    if ($verb eq 'judge') {
        $status = $spamassassin->check($mail);
        my $probability = $status->{bayes_score};
        print defined $probability ? sprintf('%.17g', $probability) : 'none', "\n";
    } else {
        $status = $spamassassin->learn($mail, undef, $verb eq 'spam', 0);
    }
    $status->finish();
    $mail->finish();
}
$spamassassin->finish_learner();
$spamassassin->finish();
